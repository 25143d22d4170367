package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/view"
	"amiship/internal/web"
)

// serveCmd is the command serve.
type serveCmd struct {
	*app
	listen  string
	hosts   []string
	proxies []string
	open    bool
}

func serveCommand(a *app) *cobra.Command {
	c := serveCmd{app: a}
	cmd := &cobra.Command{
		Use: "serve", Short: "Show the project on a web page that stays up to date",
		Long: `Serve shows what status shows as web pages: open releases, blockers with the
commands that clear them, remaining quota, listings, and each release with its
AMIs. It only reads. /status.json is what status --json prints, /metrics is for
Prometheus, /healthz says whether AWS could be read.

It reads AWS for all viewers at once: every 10 seconds while something is
pending, each minute while someone watches, else every 5 minutes.

Of several catalogs the first page shows all of them, and each has its own
pages below it.
` + severalHelp + `

It listens on loopback. Another address needs --host, the name by which browsers
reach it, and --behind-proxy, from where a proxy that knows who may see it
connects; or --open, by which everyone who reaches it sees it.`,
		Annotations: takes(catalogFlags, awsFlags),
		Example: `  amiship serve
  amiship serve --fleet fleet.yaml
  amiship serve --listen :8080 --host amis.example.com \
    --behind-proxy 10.0.0.0/24`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	c.fleetFlag(cmd)
	cmd.Flags().StringVar(&c.listen, "listen", "127.0.0.1:8090", "`ADDRESS` and port; port 0 picks a free one")
	cmd.Flags().StringArrayVar(&c.hosts, "host", nil, "`NAME` by which browsers reach it, besides localhost")
	cmd.Flags().StringArrayVar(&c.proxies, "behind-proxy", nil, "take connections from this `CIDR` only: a proxy's")
	cmd.Flags().BoolVar(&c.open, "open", false, "show it to everyone who reaches the address")
	return cmd
}

func (c serveCmd) run(ctx context.Context) error {
	access, err := c.access()
	if err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	ctx = reading(ctx, stop)
	parts, err := c.parts(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return withHint(fmt.Errorf("--listen %s: %w", c.listen, err), "--listen 127.0.0.1:0 picks a free port")
	}
	watches := c.watches(parts)
	server := &http.Server{
		Handler: web.Handler(access, watches...), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	fmt.Fprintf(c.Out, "ready http://%s\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	for _, w := range watches {
		go w.Run(ctx)
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = server.Shutdown(closing) // viewers of events stay connected: they are cut off
		err = server.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// watches are of each catalog, by names that differ: the project's, or with the catalog's file
// where a project has several.
func (c serveCmd) watches(parts []part) []*web.Watch {
	projects := map[string]int{}
	for _, p := range parts {
		projects[p.bundle.Catalog.Project]++
	}
	var out []*web.Watch
	for _, p := range parts {
		project := p.bundle.Catalog.Project
		name := project
		if projects[project] > 1 {
			name += "@" + strings.TrimSuffix(filepath.Base(p.bundle.File), filepath.Ext(p.bundle.File))
		}
		read := func(ctx context.Context) (view.View, error) { return c.viewer(p).view(p.context(ctx)) }
		out = append(out, web.NewWatch(project, read, described).Named(name))
	}
	return out
}

// access says who may ask, and refuses an address that everyone could reach unless that is
// meant.
func (c serveCmd) access() (web.Access, error) {
	a := web.Access{Hosts: c.hosts}
	for _, text := range c.proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return a, usage(fmt.Errorf("--behind-proxy %s: a range such as 10.0.0.0/24, or one address: 10.0.0.7/32", text))
		}
		a.Proxies = append(a.Proxies, p)
	}
	host, _, err := net.SplitHostPort(c.listen)
	if err != nil {
		return a, usage(fmt.Errorf("--listen %s: an address and a port, such as 127.0.0.1:8090", c.listen))
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return a, nil
	}
	switch {
	case len(c.hosts) == 0:
		return a, usage(fmt.Errorf("--listen %s is reached from other machines: --host NAME says by which name", c.listen))
	case len(c.proxies) == 0 && !c.open:
		return a, usage(fmt.Errorf("--listen %s is reached from other machines: --behind-proxy CIDR takes connections from a proxy only, --open from everyone", c.listen))
	}
	return a, nil
}

// described is an error for people, with what to type next.
func described(err error) string {
	text := strings.TrimSpace(awsapi.Text(err))
	if hint := hintFor(err); hint != "" {
		text += ". " + strings.ToUpper(hint[:1]) + hint[1:]
	}
	return text + "."
}
