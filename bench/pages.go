package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// pages has serve show the releases of an account: how long its first page takes, how large it is on
// the way, and whether the memory grows with viewers.
func (g *grown) pages(ctx context.Context, env []string, releases int) (err error) {
	cmd := g.lab.command(ctx, env, "serve", "--listen", "127.0.0.1:0", "--file", g.file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Cancel()
		_ = cmd.Wait() // it was asked to end
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ready {
		return fmt.Errorf("serve says %q: %w", line, err)
	}
	for page, _, err := fetched(ctx, address+"/healthz"); err != nil || !strings.HasPrefix(page, "ok"); page, _, err = fetched(ctx, address+"/healthz") {
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
	var seconds []float64
	for range 50 {
		page, took, err := fetched(ctx, address+"/")
		if err != nil {
			return err
		}
		if n := strings.Count(page, `href="release/`); n < releases {
			return fmt.Errorf("the page has %d of %d releases", n, releases)
		}
		seconds = append(seconds, took.Seconds())
	}
	small, err := compressed(ctx, address+"/")
	if err != nil {
		return err
	}
	before, err := memory(cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	for range 1000 {
		if _, _, err := fetched(ctx, address+"/"); err != nil {
			return err
		}
	}
	after, err := memory(cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	of := "first page of serve after " + count(releases, "release")
	g.rows = append(g.rows,
		less(of+": median of 50", median(seconds), 0.03, "s"),
		less(of+": compressed", float64(small)/1000, 60, "kB"),
		less(of+": memory after 1,000 more, over that before", after/before, 1.1, "times"))
	return nil
}

// fetched is a page as it is, and the time until all of it was there.
func fetched(ctx context.Context, address string) (page string, took time.Duration, err error) {
	began := time.Now()
	body, err := get(ctx, address, "identity")
	return string(body), time.Since(began), err
}

// compressed is how many bytes a page has on the way.
func compressed(ctx context.Context, address string) (int, error) {
	body, err := get(ctx, address, "gzip")
	if err == nil && (len(body) < 2 || body[0] != 0x1f) {
		err = errors.New("the page is not compressed")
	}
	return len(body), err
}

func get(ctx context.Context, address, encoding string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", encoding)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return body, err
}
