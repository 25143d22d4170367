package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"amiship/internal/report"
	"amiship/internal/scaffold"
)

type pipelineOptions struct {
	output  string // empty: standard output
	replace bool
}

func (a *app) pipelineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pipeline", Short: "Write the CI jobs of tag pipelines", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.pipelineGitLabCommand())
	return cmd
}

func (a *app) pipelineGitLabCommand() *cobra.Command {
	var o pipelineOptions
	cmd := &cobra.Command{
		Use: "gitlab", Short: "Write a GitLab CI file for this catalog's releases",
		Long: `Gitlab prints a GitLab CI file, made from amiship.yaml: for each tag that is a
release, checks and blockers first, a build for each architecture, publishing
behind a protected environment; and for a schedule, a job that carries on what is
not complete. What to set in GitLab stands at its top. Run it where the
repository has its root.`,
		Example: "  amiship pipeline gitlab --output .gitlab-ci.yml",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.pipelineGitLab(o) },
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to this file; one that is there is kept, unless --replace")
	cmd.Flags().BoolVar(&o.replace, "replace", false, "replace the file if it is there already")
	return cmd
}

func (a *app) pipelineGitLab(o pipelineOptions) error {
	switch {
	case !filepath.IsLocal(a.file):
		return withHint(usage(fmt.Errorf("%s is not below this directory", a.file)),
			"jobs run in the repository's root: go there, and name the catalog from there")
	case len(a.set) > 0:
		return withHint(usage(errors.New("jobs know nothing of --set")), "give the var its value in the catalog")
	}
	b, err := a.load()
	if err != nil {
		return err
	}
	text, err := scaffold.GitLab(b, filepath.ToSlash(filepath.Clean(a.file)))
	if err != nil {
		return err
	}
	if o.output == "" {
		_, err := a.Out.Write(text)
		return err
	}
	state, err := scaffold.Write(o.output, text, o.replace)
	if err != nil {
		return fmt.Errorf("write %s: %w", o.output, err)
	}
	if a.json {
		return report.JSON(a.Out, scaffold.File{Path: o.output, State: state})
	}
	_, err = fmt.Fprintf(a.Out, "%s  %s\n", state, o.output)
	return err
}
