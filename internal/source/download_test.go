package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/release"
)

// answer is what a server sends for an address, in virtual time: nothing for a while,
// a header that announces a size, and a body, byte by byte.
type answer struct {
	silent   time.Duration // before the header
	size     int64         // -1: not announced
	content  []byte
	pause    time.Duration // before each byte
	silentAt int64         // after so many bytes nothing more comes; 0: all come
}

func (a answer) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-time.After(a.silent):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", ContentLength: a.size, Request: req,
		Body: io.NopCloser(&slowBody{a, req.Context(), 0}),
	}, nil
}

type slowBody struct {
	answer
	ctx  context.Context
	sent int64
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.sent == int64(len(b.content)) {
		return 0, io.EOF
	}
	wait := time.After(b.pause)
	if b.silentAt > 0 && b.sent >= b.silentAt {
		wait = nil
	}
	select {
	case <-wait:
		n := len(b.content)
		if b.pause > 0 {
			n = 1
		}
		n = copy(p, b.content[b.sent:min(int64(len(b.content)), b.sent+int64(n))])
		b.sent += int64(n)
		return n, nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

// leftovers are the files in a cache.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestADownloadEnds(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 1<<16)
	size := int64(len(content))
	for name, c := range map[string]struct {
		answer answer
		most   int64
		want   string
		within time.Duration
	}{
		"that stops in the middle":          {answer{size: size, content: content, pause: time.Millisecond, silentAt: 1000}, 0, "stalled: less than 1 KiB came in 30s, after 1000 of 65536 bytes", 2 * time.Minute},
		"that never begins":                 {answer{silent: time.Hour, size: size}, 0, "stalled: less than 1 KiB came in 30s, after 0 bytes", 2 * time.Minute},
		"that brings a byte a minute":       {answer{size: size, content: content, pause: time.Minute}, 0, "stalled", 2 * time.Minute},
		"that brings a byte a second":       {answer{size: size, content: content, pause: time.Second}, 0, "stalled", 2 * time.Minute},
		"whose size is more than is taken":  {answer{size: size, content: content}, 1000, "has 65536 bytes, more than the limit of 1000; package.max_size in amiship.yaml allows more", time.Second},
		"without a size, and without end":   {answer{size: -1, content: content}, 1000, "is larger than the limit of 1000 bytes; package.max_size", time.Second},
		"that goes on, slowly, to the last": {answer{size: size, content: content, pause: 10 * time.Millisecond}, 0, "", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				store := &Store{Dir: dir, HTTP: &http.Client{Transport: c.answer}}
				start := time.Now()
				_, err := store.Fetch(t.Context(), release.Package{URL: "http://example.com/p.bin", SHA256: Digest(content), MaxBytes: c.most})
				if took := time.Since(start); took > c.within {
					t.Errorf("took %s, want %s at most", took, c.within)
				}
				switch {
				case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("got %v\nwant %q", err, c.want)
				case c.want != "" && len(leftovers(t, dir)) > 0:
					t.Errorf("left behind: %v", leftovers(t, dir))
				}
			})
		})
	}
}

func TestTheDigestsServerIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &Store{Dir: t.TempDir(), HTTP: &http.Client{Transport: answer{size: 70, content: make([]byte, 70), silentAt: 10, pause: time.Millisecond}}}
		_, err := store.Fetch(t.Context(), release.Package{URL: "http://example.com/p", SHA256URL: "http://example.com/p.sha256"})
		var stalled *StalledError
		if !errors.As(err, &stalled) || stalled.Got != 10 {
			t.Errorf("got %v, want that it stalled after 10 bytes", err)
		}
	})
}

// TestACancelEndsADownload: at once, and nothing is tried again.
func TestACancelEndsADownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		dir, start := t.TempDir(), time.Now()
		store := &Store{Dir: dir, HTTP: &http.Client{Transport: answer{silent: time.Hour}}}
		_, err := store.Fetch(ctx, release.Package{URL: "http://example.com/p", SHA256: Digest([]byte("x"))})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestADownloadIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := bytes.Repeat([]byte("x"), 2500)
		var told []Download
		store := &Store{
			Dir: t.TempDir(), HTTP: &http.Client{Transport: answer{size: 2500, content: content, pause: 10 * time.Millisecond}},
			Notice: func(d Download) { told = append(told, d) },
		}
		if _, err := store.Fetch(t.Context(), release.Package{URL: "http://example.com/p.bin", SHA256: Digest(content)}); err != nil {
			t.Fatal(err)
		}
		if len(told) != 3 || told[0] != (Download{"p.bin", 0, 2500}) || told[2].Got < 1900 {
			t.Errorf("told %+v, want the begin, and each of 10 seconds", told)
		}
	})
}

// TestAKilledRunsDownload is removed by the next run; that of a run that lives is not.
func TestAKilledRunsDownload(t *testing.T) {
	c := cache{t.TempDir()}
	old := time.Now().Add(-time.Hour)
	var files []*os.File
	for _, name := range []string{"partial-dead", "partial-alive"} {
		f, err := os.Create(filepath.Join(c.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := os.Chtimes(f.Name(), old, old); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := hold(files[1]); err != nil {
		t.Fatal(err)
	}
	c.prune()
	if left := leftovers(t, c.dir); len(left) != 1 || filepath.Base(left[0]) != "partial-alive" {
		t.Errorf("left: %v", left)
	}
}

// TestACommandLeavesAChild: what holds a command's output open does not hold us.
func TestACommandLeavesAChild(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	value, err := Secret(t.Context(), release.Secret{Command: []string{"sh", "-c", `cat "$0" & echo s3cret`, fifo}})
	if err != nil || string(value) != "s3cret" {
		t.Errorf("got %q, %v", value, err)
	}
	if err := os.WriteFile(fifo, nil, 0o600); err != nil { // lets the child go
		t.Fatal(err)
	}
}
