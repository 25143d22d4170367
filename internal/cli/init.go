package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"amiship/internal/scaffold"
	"amiship/internal/terminal"
	"amiship/internal/view"
)

// initCmd is the command init.
type initCmd struct {
	*app
	options scaffold.Options
}

func initCommand(a *app) *cobra.Command {
	c := initCmd{app: a}
	cmd := &cobra.Command{
		Use: "init [DIRECTORY]", Short: "Write a catalog, a Packer template and scripts",
		Long: `Init writes amiship.yaml, a Packer template and the scripts that it runs, as a
start for your own. It keeps existing files, unless --replace.`,
		Annotations: takes(jsonFlag),
		Args:        cobra.MaximumNArgs(1),
		RunE:        func(_ *cobra.Command, args []string) error { return c.run(append(args, ".")[0]) },
	}
	cmd.Flags().StringVar(&c.options.Project, "project", "", "`NAME` of the project; by default that of the directory")
	cmd.Flags().BoolVar(&c.options.Replace, "replace", false, "replace existing files")
	return cmd
}

// filesAnswer names the files that were written, and those that were there.
type filesAnswer struct {
	view.Header
	Files []scaffold.File `json:"files"`
}

func (c initCmd) run(dir string) error {
	files, err := scaffold.Init(dir, c.options)
	if err != nil {
		return err
	}
	c.result(&filesAnswer{Files: files}, func() {
		t := terminal.NewTable(c.Out)
		for _, f := range files {
			fmt.Fprintf(t, "%s\t%s\n", f.State, f.Path)
		}
		t.Flush()
	})
	fmt.Fprintln(c.Err, "next: say in amiship.yaml what you ship, then: amiship check --offline")
	return nil
}
