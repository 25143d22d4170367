package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"amiship/internal/scaffold"
	"amiship/internal/view"
)

// gitlabCmd is the command pipeline gitlab.
type gitlabCmd struct {
	*app
	output  string // empty: standard output
	replace bool
}

func pipelineCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "pipeline", Short: "Generate CI jobs for releases", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(pipelineGitLabCommand(a))
	return cmd
}

func pipelineGitLabCommand(a *app) *cobra.Command {
	c := gitlabCmd{app: a}
	cmd := &cobra.Command{
		Use: "gitlab", Short: "Generate a GitLab CI file for the releases of this catalog",
		Long: `Gitlab prints a GitLab CI file, generated from amiship.yaml: for each tag that
is a release, checks and blockers first, a build job for each architecture, and
publishing behind a protected environment; and for a schedule, a job that
resumes what is not complete. The comments at its top say what to set in GitLab.
Run it in the root of the repository.`,
		Annotations: printing(document, takes(fileFlag, jsonFlag)),
		Example:     "  amiship pipeline gitlab --output .gitlab-ci.yml",
		Args:        cobra.NoArgs,
		RunE:        func(*cobra.Command, []string) error { return c.run() },
	}
	cmd.Flags().StringVarP(&c.output, "output", "o", "", "write to this `FILE`, unless it exists")
	cmd.Flags().BoolVar(&c.replace, "replace", false, "replace the file if it exists")
	return cmd
}

// pipelineAnswer has the CI file that was not written to one.
type pipelineAnswer struct {
	view.Header
	Pipeline string `json:"pipeline"`
}

func (c gitlabCmd) run() error {
	switch {
	case !filepath.IsLocal(c.file):
		return withHint(usage(fmt.Errorf("%s is not below this directory", c.file)),
			"jobs run in the repository's root: go there, and name the catalog from there")
	case len(c.set) > 0:
		return withHint(usage(errors.New("jobs know nothing of --set")), "give the var its value in the catalog")
	}
	b, err := c.load()
	if err != nil {
		return err
	}
	text := scaffold.GitLab(b, filepath.ToSlash(filepath.Clean(c.file)))
	if c.output == "" {
		c.result(&pipelineAnswer{Pipeline: string(text)}, func() { _, _ = c.Out.Write(text) })
		return nil
	}
	state, err := scaffold.Write(c.output, text, c.replace)
	if err != nil {
		return fmt.Errorf("write %s: %w", c.output, err)
	}
	c.result(&filesAnswer{Files: []scaffold.File{{Path: c.output, State: state}}}, c.line("%s  %s", state, c.output))
	return nil
}
