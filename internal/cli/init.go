package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"amiship/internal/report"
	"amiship/internal/scaffold"
)

func (a *app) initCommand() *cobra.Command {
	var o scaffold.Options
	cmd := &cobra.Command{
		Use: "init [DIRECTORY]", Short: "Write a catalog, a template and scripts to start from",
		Long: `Init writes amiship.yaml, a Packer template and the scripts that it runs. They are
yours from then on. A file that is there already is kept, unless --replace.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.init(append(args, ".")[0], o) },
	}
	cmd.Flags().StringVar(&o.Project, "project", "", "the project's name; made from the directory's name if not given")
	cmd.Flags().BoolVar(&o.Replace, "replace", false, "replace files that are there already")
	return cmd
}

func (a *app) init(dir string, o scaffold.Options) error {
	files, err := scaffold.Init(dir, o)
	if err != nil {
		return err
	}
	if a.json {
		return report.JSON(a.Out, files)
	}
	t := tabwriter.NewWriter(a.Out, 2, 0, 2, ' ', 0)
	for _, f := range files {
		fmt.Fprintf(t, "%s\t%s\n", f.State, f.Path)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.Err, "next: say in amiship.yaml what you ship, then: amiship check --offline")
	return nil
}
