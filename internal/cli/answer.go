package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/report"
	"amiship/internal/view"
)

// answer is what a command prints with --json: a struct with the header that all have.
type answer interface{ Head() *view.Header }

// answering is how a command comes to its one answer, which is printed when the command ends:
// until then it is not known what goes wrong.
type answering struct {
	began  time.Time
	out    io.Writer // nil: the command prints texts
	answer answer
	asked  []*awsapi.Clients // the first are those of the account that it is about
}

// answersKey is where the context of a command has it.
type answersKey struct{}

// takesJSON reports whether a command has an answer.
func takesJSON(cmd *cobra.Command) bool {
	return cmd != nil && slices.Contains(strings.Fields(cmd.Annotations[takenFlags]), jsonFlag)
}

// answers prepares for an answer: texts for people go to standard error from now on.
func (a *app) answers(cmd *cobra.Command) {
	if a.json && takesJSON(cmd) && a.answering.out == nil {
		a.answering.out, a.Out = a.Out, a.Err
	}
}

// result is what a command has come to: its answer with --json, else a text.
func (a *app) result(of answer, text func()) {
	a.answering.answer = of
	if !a.json {
		text()
	}
}

// print prints the answer, with what the command ended in. A command that has failed before
// it had one answers with that alone.
func (a *answering) print(ctx context.Context, v Version, err error) {
	if a.out == nil || a.answer == nil && err == nil {
		return
	}
	if a.answer == nil {
		a.answer = &view.Header{}
	}
	head := a.answer.Head()
	if head.Read.At.IsZero() {
		*head = a.header(ctx, v, err)
	}
	head.Errors = append(head.Errors, errorTexts(err)...)
	_ = report.JSON(a.out, a.answer) // what can't be written is noted by the sink
}

// header says what was read for an answer. Whose account that was is asked last: where AWS
// does not answer, or not this caller, it is unknown.
func (a *answering) header(ctx context.Context, v Version, err error) view.Header {
	h := newHeader(v)
	if len(a.asked) == 0 {
		return h
	}
	h.AWS = view.AWS{Endpoint: a.asked[0].Endpoint()}
	if awsapi.Unreachable(err) == "" && !awsapi.IsBadCredentials(err) && !awsapi.IsNoCredentials(err) {
		h.AWS = identity(ctx, a.asked[0])
	}
	h.Read = view.Read{At: a.asked[0].Now().UTC(), Seconds: time.Since(a.began).Seconds()}
	for _, c := range a.asked {
		h.Read.Calls += c.Calls()
	}
	return h
}

func newHeader(v Version) view.Header {
	return view.Header{Schema: view.Schema, Tool: view.Tool{Version: v.Version, Commit: v.Commit}}
}

// errorTexts are an error for programs and people: each failure, and what to type.
func errorTexts(err error) view.Errors {
	var quiet silent
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var out view.Errors
		for _, one := range several.Unwrap() {
			out = append(out, errorTexts(one)...)
		}
		return out
	}
	if err == nil || errors.As(err, &quiet) {
		return nil
	}
	texts := strings.Split(strings.TrimSpace(awsapi.Text(err)), "\n")
	if hint := hintFor(err); hint != "" {
		texts[len(texts)-1] += ". " + strings.ToUpper(hint[:1]) + hint[1:]
	}
	return texts
}

// loadClients and loadProfile make clients, and note for the answer that they are asked.
func loadClients(ctx context.Context, region string) (*awsapi.Clients, error) {
	clients, err := awsapi.Load(ctx, region)
	return askedBy(ctx, clients, err)
}

func loadProfile(ctx context.Context, region, profile string) (*awsapi.Clients, error) {
	clients, err := awsapi.LoadProfile(ctx, region, profile)
	return askedBy(ctx, clients, err)
}

func askedBy(ctx context.Context, clients *awsapi.Clients, err error) (*awsapi.Clients, error) {
	if a, ok := ctx.Value(answersKey{}).(*answering); ok && err == nil {
		a.asked = append(a.asked, clients)
	}
	return clients, err
}

// What commands answer that have no value of their own.
type (
	plansAnswer struct {
		view.Header
		Plans  []plan.Plan    `json:"plans"`
		Totals *report.Totals `json:"totals,omitempty"` // of several releases
	}

	// changesAnswer is of a command that shows changes, and makes those that are approved.
	changesAnswer struct {
		view.Header
		Project string `json:"project"`
		changing
	}

	// retireAnswer also says of each AMI why it is kept, or not.
	retireAnswer struct {
		view.Header
		reconcile.Retirement
		changing
	}
)

// changing are the changes of an answer.
type changing struct {
	Changes []changes `json:"changes"`
}

func (c *changing) add(p plan.Plan) { c.Changes = append(c.Changes, changes{Tag: p.Tag, Plan: p}) }

func (c *changing) end(p plan.Plan, outcome engine.Outcome) {
	last := &c.Changes[len(c.Changes)-1]
	last.After, last.Outcome = &p, outcome
}

// changes are what was shown, and what came of it.
type changes struct {
	Tag     string         `json:"tag,omitempty"`
	Plan    plan.Plan      `json:"plan"`              // before anything was changed
	Outcome engine.Outcome `json:"outcome,omitempty"` // empty: nothing was approved, or there is nothing to do
	After   *plan.Plan     `json:"after,omitempty"`
}

// toChange notes for the answer what was shown.
func (a *app) toChange(project string, p plan.Plan) {
	if a.answering.answer == nil {
		a.answering.answer = &changesAnswer{Project: project}
	}
	if all, ok := a.answering.answer.(interface{ add(plan.Plan) }); ok {
		all.add(p)
	}
}

// changed notes what came of what was shown last.
func (a *app) changed(p plan.Plan, outcome engine.Outcome) {
	if all, ok := a.answering.answer.(interface {
		end(plan.Plan, engine.Outcome)
	}); ok {
		all.end(p, outcome)
	}
}

// nothing is printed by a command that has no text where it has nothing to say.
func nothing() {}

// line writes a line as the text of a result.
func (a *app) line(format string, args ...any) func() {
	return func() { fmt.Fprintf(a.Out, format+"\n", args...) }
}
