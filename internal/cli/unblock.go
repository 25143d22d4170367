package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/apply"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/report"
	"amiship/internal/source"
	"amiship/internal/view"
)

// unblockCmd is the command unblock.
type unblockCmd struct {
	*app
	yes   bool
	tag   string
	ahead int
	approving
}

func unblockCommand(a *app) *cobra.Command {
	c := unblockCmd{app: a}
	cmd := &cobra.Command{
		Use: "unblock BLOCKER [REMEDY]", Short: "Apply a remedy to a blocker",
		Long: `Unblock applies one remedy of one blocker, as amiship blockers and amiship plan
list them: it shows what will be changed and asks for confirmation. Without a
terminal it needs --yes. It reads what it changes again just before; if that
differs from what was shown, it changes nothing.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example: `  amiship unblock quota/eu-west-3 raise
  amiship unblock quota/eu-west-3 demote --tag 17.5.1+ee.0 --yes`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args[0], append(args[1:], "")[0])
		},
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().StringVar(&c.tag, "tag", "", "the blocked release's `TAG`; by default the next one of each tag pattern")
	cmd.Flags().IntVar(&c.ahead, "forecast", 1, "apply the remedy for `N` releases ahead")
	c.flag(cmd)
	return cmd
}

func (c unblockCmd) run(ctx context.Context, id, name string) error {
	var tags []string
	if c.tag != "" {
		tags = []string{c.tag}
	}
	all, err := c.foresee(ctx, tags, max(1, c.ahead))
	if err != nil {
		return err
	}
	found, bl, err := blockerOf(all, id)
	if err != nil {
		return err
	}
	remedy, err := remedyOf(bl, name)
	if err != nil {
		return err
	}
	of := &unblockAnswer{Tag: found.Tag, Blocker: bl, Remedy: remedy.Name, Done: []doneJSON{}}
	c.result(of, nothing)
	report.Remedy(c.Out, bl, remedy)
	if err := c.confirm(c.yes, "do it?"); err != nil {
		return err
	}
	if found.desired.Control, err = c.control(found.desired.Control); err != nil {
		return err
	}
	return withOthers(c.do(ctx, found, remedy, of), bl, remedy)
}

// withOthers names what else can be done about a blocker, if a remedy did not work.
func withOthers(err error, bl plan.Blocker, tried plan.Remedy) error {
	var others []string
	for _, r := range bl.Remedies {
		if r.Name != tried.Name && r.Command != "" {
			others = append(others, r.Name+": "+r.Command)
		}
	}
	if err == nil || len(others) == 0 || errors.Is(err, apply.ErrChanged) {
		return err
	}
	return withHint(err, "what else can be done: "+strings.Join(others, "; "))
}

// blockerOf finds a blocker in what was foreseen.
func blockerOf(all []foreseen, id string) (foreseen, plan.Blocker, error) {
	var ids []string
	for _, f := range all {
		for _, bl := range f.Blockers {
			if bl.ID == id {
				return f, bl, nil
			}
			ids = append(ids, bl.ID)
		}
	}
	if len(ids) == 0 {
		return foreseen{}, plan.Blocker{}, fmt.Errorf("there is no blocker %s: nothing is blocked", id)
	}
	slices.Sort(ids)
	return foreseen{}, plan.Blocker{}, withHint(usage(fmt.Errorf("there is no blocker %s", id)), "there is "+strings.Join(slices.Compact(ids), ", "))
}

// remedyOf finds the remedy of a name; without a name, the first that unblock can
// do.
func remedyOf(bl plan.Blocker, name string) (plan.Remedy, error) {
	var names []string
	for _, r := range bl.Remedies {
		if len(r.Do) > 0 && (name == "" || r.Name == name) {
			return r, nil
		}
		if len(r.Do) == 0 && r.Name == name {
			return r, fmt.Errorf("%s of %s is not done from here: %s (%s)", name, bl.ID, r.Command, r.Cost)
		}
		names = append(names, r.Name)
	}
	return plan.Remedy{}, withHint(usage(fmt.Errorf("%s has no remedy %s that unblock can do", bl.ID, name)), "its remedies: "+strings.Join(names, ", "))
}

// unblockAnswer has the blocker as it was, and what was done about it.
type unblockAnswer struct {
	view.Header
	Tag     string       `json:"tag"`
	Blocker plan.Blocker `json:"blocker"`
	Remedy  string       `json:"remedy"`
	Done    []doneJSON   `json:"done"`
}

// doneJSON is a step of a remedy that was done.
type doneJSON struct {
	Step plan.ID `json:"step"`
	Made string  `json:"made,omitempty"`
	Left string  `json:"left,omitempty"` // why something of it is left over
}

// do does what was shown, one after the other.
func (c unblockCmd) do(ctx context.Context, f foreseen, r plan.Remedy, of *unblockAnswer) error {
	clients, err := loadClients(ctx, firstRegion(f.desired))
	if err != nil {
		return err
	}
	doer := &apply.Applier{Clients: clients, Desired: f.desired, Packer: packer.Runner{}, RunID: runID(), Secret: source.Secret, Log: c.log(), Poll: time.Second, Who: once(calling(clients))}
	defer doer.Close()
	for i, act := range r.Do {
		res, err := doer.Do(ctx, act)
		if err != nil {
			return fmt.Errorf("%d of %d done: %w", i, len(r.Do), withChanged(err))
		}
		done := doneJSON{Step: act.ID, Made: res.Made}
		fmt.Fprintf(c.Out, "done  %s %s\n", act.ID, res.Made)
		if res.Left != nil {
			done.Left = res.Left.Error()
			fmt.Fprintf(c.Err, "amiship: %v\n", res.Left)
		}
		of.Done = append(of.Done, done)
	}
	return nil
}

func withChanged(err error) error {
	var held *apply.HeldError
	switch {
	case errors.As(err, &held):
		return withHint(err, "amiship resume ends a pause; --approve freeze@DIGEST runs in a freeze")
	case errors.Is(err, apply.ErrChanged):
		return withHint(err, "amiship blockers shows how it is now")
	}
	return err
}
