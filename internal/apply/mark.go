package apply

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
)

// marker records on AMIs who did a step, and who approved of it.
type marker struct {
	targets
	log      *slog.Logger
	who      func(context.Context) record.Actor
	approved map[plan.ID]string
}

// mark is a mark of now, by the current caller.
func (m marker) mark(ctx context.Context, note string) string {
	now := record.Mark{At: m.clients.Now(), Note: note}
	if m.who != nil {
		now.By = m.who(ctx)
	}
	return now.Value()
}

// signed adds marks to the tags of a step that writes tags anyhow.
func (m marker) signed(ctx context.Context, act plan.Action) plan.Action {
	with := func(tags plan.Tags, e record.Event) plan.Tags {
		tags = maps.Clone(tags)
		maps.Copy(tags, m.marks(ctx, act, e, ""))
		return tags
	}
	switch c := act.Change.(type) {
	case plan.WithdrawImage:
		c.Tags = with(c.Tags, record.Withdrawn)
		act.Change = c
	case plan.RecordWaiver:
		c.Tags = with(c.Tags, record.Waived)
		act.Change = c
	}
	return act
}

// record writes marks of a step that is done and writes no tags itself. It comes
// after the change: a mark never claims what did not happen. Without it the
// change is still valid, but its time and actor are unknown.
func (m marker) record(ctx context.Context, act plan.Action, res Result) {
	var tags map[string]string
	ami := act.Image().AMI
	switch act.Kind() {
	case plan.Share:
		tags = m.marks(ctx, act, record.Shared, "")
	case plan.PublishSnapshot:
		tags = m.marks(ctx, act, record.SnapshotPublished, "")
	case plan.Publish:
		tags = m.marks(ctx, act, record.Published, "")
	case plan.ChangeSet:
		if l, err := m.desired.Listing(act.Target.Listing); err == nil && !l.Unmarked {
			tags = m.marks(ctx, act, record.ListedEvent(l.Name), res.Made)
		}
	case plan.Cancel:
		tags = m.approvalMark(ctx, act)
	case plan.Parameter:
		tags, ami = m.approvalMark(ctx, act), plan.As[plan.PutParameter](act).Value
	default:
		return
	}
	if len(tags) == 0 || ami == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markWithin)
	defer cancel()
	_, err := m.ec2(m.whereMarked(act)).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{ami}, Tags: tagList(tags)})
	if err != nil {
		m.log.Warn("not recorded who did it", "step", act.ID, "image", ami, "error", err)
	}
}

// markWithin is how long a mark may take: it is worth less than the run's end.
const markWithin = 30 * time.Second

// whereMarked is the place of a step's AMI: what is about a listing is done to the AMI
// that backs it.
func (m marker) whereMarked(act plan.Action) release.Key {
	if act.Target.Listing == "" {
		return act.Target
	}
	l, err := m.desired.Listing(act.Target.Listing)
	if err != nil {
		return act.Target
	}
	return l.AMIKey()
}

// marks are those of an event, and of the approval that it rests on.
func (m marker) marks(ctx context.Context, act plan.Action, e record.Event, note string) map[string]string {
	out := map[string]string{record.MarkTag(e): m.mark(ctx, note)}
	maps.Copy(out, m.approvalMark(ctx, act))
	return out
}

// approvalMark says what was approved for a step: the step itself, what it restricts,
// or the freeze that it is done in.
func (m marker) approvalMark(ctx context.Context, act plan.Action) map[string]string {
	c, id := m.desired.Control, act.ID
	if act.Kind() == plan.ChangeSet && len(plan.As[plan.SubmitChangeSet](act).Options) > 0 {
		id = plan.RestrictStep(act.Target)
	}
	digest := m.approved[id]
	if digest == "" && c.Exempt(m.clients.Now()) {
		id, digest = plan.FreezeStep, c.Approved
	}
	if digest == "" {
		return nil
	}
	return map[string]string{record.MarkTag(record.Approved): m.mark(ctx, string(id)+"@"+digest)}
}
