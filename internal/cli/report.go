package cli

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/view"
	"amiship/internal/web"
)

// reportCmd is the command report.
type reportCmd struct {
	*app
	dir    string
	public bool
}

func reportCommand(a *app) *cobra.Command {
	c := reportCmd{app: a}
	cmd := &cobra.Command{
		Use: "report --html DIR", Short: "Write the web pages of serve as files, once",
		Long: `Report writes the pages that serve shows into a directory: index.html, a page
for each release, and status.json. They need no server and show the moment at
which they were written: artifacts of a pipeline, GitLab Pages, a mail.

--public writes the page for customers instead: the ids of public AMIs by region
and architecture, and nothing else. It changes nothing on AWS.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship report --html public
  amiship report --html public --public`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.dir, "html", "", "write the pages into this `DIRECTORY` (required)")
	cmd.Flags().BoolVar(&c.public, "public", false, "write the page for customers")
	return cmd
}

// reportAnswer names the files that were written.
type reportAnswer struct {
	view.Header
	Project   string   `json:"project"`
	Directory string   `json:"directory"`
	Files     []string `json:"files"`
}

func (c reportCmd) run(ctx context.Context) error {
	if c.dir == "" {
		return usage(errors.New("--html DIRECTORY says where to"))
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil { // before AWS is read
		return err
	}
	viewer, err := c.newViewer(ctx)
	if err != nil {
		return err
	}
	v, err := viewer.view(ctx)
	if err != nil {
		return err
	}
	files, err := web.Files(ctx, v, c.public)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := replaceFile(filepath.Join(c.dir, name), 0o644, func(w io.Writer) error {
			_, err := w.Write(files[name])
			return err
		})
		if err != nil {
			return err
		}
	}
	of := &reportAnswer{v.Header, v.Project, c.dir, slices.Sorted(maps.Keys(files))}
	c.result(of, c.line("%s: %d files in %s: %s", v.Project, len(files), c.dir, filepath.Join(c.dir, "index.html")))
	return unseen(v)
}
