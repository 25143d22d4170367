package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// How much each server is asked.
const (
	manyImages = 10_000
	clients    = 4 // at once
	asked      = 8 * time.Second
)

// serving is what came of asking a server.
type serving struct {
	lists, cycles rate
	memory        float64 // MB, at most
}

// rate is how fast something went.
type rate struct{ perSecond, p99 float64 } // p99 in ms

// servers asks the sandbox and moto the same, with the same client, one after the
// other.
func servers(ctx context.Context, l *lab) ([]row, error) {
	ours, err := l.sandboxServes(ctx)
	if err != nil {
		return nil, err
	}
	rows := ours.rows()
	if !installed(ctx, "python3", "-c", "import moto.server") {
		return rows, nil
	}
	moto, err := l.motoServes(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range moto.rows() {
		rows[i] = rows[i].beside("moto", r.value)
	}
	return rows, nil
}

func (s serving) rows() []row {
	lists := fmt.Sprintf("the sandbox: DescribeImages with three filters over %d images, %d clients", manyImages, clients)
	cycles := fmt.Sprintf("the sandbox: a machine from RunInstances until it is terminated, %d clients", clients)
	return []row{
		{what: lists, value: s.lists.perSecond, unit: "/s", more: true},
		{what: lists + ": 99 of 100 within", value: s.lists.p99, unit: "ms"},
		{what: cycles, value: s.cycles.perSecond, unit: "/s", more: true},
		{what: cycles + ": 99 of 100 within", value: s.cycles.p99, unit: "ms"},
		{what: "the sandbox: memory at most", value: s.memory, unit: "MB"},
	}
}

func (l *lab) sandboxServes(ctx context.Context) (serving, error) {
	given, err := l.file("images.yaml", fmt.Sprintf(`ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "old {n}", count: %d, created: 30d, tags: {Type: old}}
      - {name: "wanted {n}", count: 100, created: 30d, tags: {Type: wanted}}
`, manyImages-100))
	if err != nil {
		return serving{}, err
	}
	b, err := l.start(ctx, l.path("images"), "--speed", "10000", "--world", given)
	if err != nil {
		return serving{}, err
	}
	defer b.stop()
	env, err := b.env(ctx, "")
	if err != nil {
		return serving{}, err
	}
	return serve(ctx, newClient(b.url, value(env, "AWS_ACCESS_KEY_ID"), value(env, "AWS_SECRET_ACCESS_KEY")), b.cmd.Process.Pid)
}

func (l *lab) motoServes(ctx context.Context) (serving, error) {
	given, err := l.file("images.json", motoImages())
	if err != nil {
		return serving{}, err
	}
	port, err := freePort()
	if err != nil {
		return serving{}, err
	}
	cmd := command(ctx, "python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	cmd.Env = append(append([]string{}, l.env...), "MOTO_AMIS_PATH="+given)
	if err := cmd.Start(); err != nil {
		return serving{}, err
	}
	defer ended(cmd)
	c := newClient(fmt.Sprintf("http://127.0.0.1:%d", port), "AKIAIOSFODNN7EXAMPLE", "secret")
	for {
		_, err := c.ec2(ctx, "us-east-1", "DescribeInstances", nil) // loads the images
		if err == nil {
			return serve(ctx, c, cmd.Process.Pid)
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return serving{}, err
		}
	}
}

// ended ends a process of ours.
func ended(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
}

// motoImages are the same images in moto's form. It treats all as its own, so no
// owner is requested.
func motoImages() string {
	var all []map[string]any
	add := func(name, kind string) {
		all = append(all, map[string]any{
			"ami_id": fmt.Sprintf("ami-%017x", len(all)+1), "name": name, "description": "", "owner_id": vendor, "public": true,
			"virtualization_type": "hvm", "architecture": "x86_64", "state": "available", "hypervisor": "xen",
			"image_location": "amazon/" + name, "image_type": "machine", "root_device_type": "ebs", "root_device_name": "/dev/sda1",
			"tags": map[string]string{"Type": kind},
		})
	}
	for n := range manyImages - 100 {
		add(fmt.Sprintf("old %d", n+1), "old")
	}
	for n := range 100 {
		add(fmt.Sprintf("wanted %d", n+1), "wanted")
	}
	text, _ := json.Marshal(all) // texts have a form
	return string(text)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// serve asks a server that is a process.
func serve(ctx context.Context, c *client, pid int) (serving, error) {
	const region = "us-east-1"
	filters := url.Values{
		"Filter.1.Name": {"name"}, "Filter.1.Value.1": {"wanted 9*"},
		"Filter.2.Name": {"tag:Type"}, "Filter.2.Value.1": {"wanted"},
		"Filter.3.Name": {"state"}, "Filter.3.Value.1": {"available"},
	}
	text, err := c.ec2(ctx, region, "DescribeImages", filters)
	if n := strings.Count(text, "<imageId>"); err == nil && n != 11 {
		err = fmt.Errorf("%d images, want 11: %s", n, tail(text))
	}
	if err != nil {
		return serving{}, err
	}
	_, ami := element(text, "imageId")
	var out serving
	out.lists, err = often(ctx, func(ctx context.Context) error {
		_, err := c.ec2(ctx, region, "DescribeImages", filters)
		return err
	})
	if err != nil {
		return out, err
	}
	out.cycles, err = often(ctx, func(ctx context.Context) error { return cycle(ctx, c, region, ami) })
	if err != nil {
		return out, err
	}
	out.memory, err = memory(pid, "VmHWM")
	return out, err
}

// cycle launches an instance, terminates it, and polls until it has ended.
func cycle(ctx context.Context, c *client, region, ami string) error {
	text, err := c.ec2(ctx, region, "RunInstances", url.Values{
		"ImageId": {ami}, "InstanceType": {"m7i.large"}, "MinCount": {"1"}, "MaxCount": {"1"},
	})
	if err != nil {
		return err
	}
	found, id := element(text, "instanceId")
	if !found {
		return fmt.Errorf("no instance in %s", tail(text))
	}
	if _, err = c.ec2(ctx, region, "TerminateInstances", url.Values{"InstanceId.1": {id}}); err != nil {
		return err
	}
	for !strings.Contains(text, "<name>terminated</name>") {
		if text, err = c.ec2(ctx, region, "DescribeInstances", url.Values{"InstanceId.1": {id}}); err != nil {
			return err
		}
	}
	return nil
}

// element is the first element of a name in an XML text.
func element(text, name string) (found bool, content string) {
	_, rest, found := strings.Cut(text, "<"+name+">")
	content, _, _ = strings.Cut(rest, "</")
	return found, content
}

// often does something with several clients at once for some time.
func often(ctx context.Context, do func(context.Context) error) (rate, error) {
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	took := make([][]float64, clients)
	for n := range clients {
		g.Go(func() error {
			for time.Since(began) < asked {
				at := time.Now()
				if err := do(ctx); err != nil {
					return err
				}
				took[n] = append(took[n], time.Since(at).Seconds()*1000)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return rate{}, err
	}
	var all []float64
	for _, t := range took {
		all = append(all, t...)
	}
	return rate{float64(len(all)) / time.Since(began).Seconds(), quantile(all, 0.99)}, nil
}
