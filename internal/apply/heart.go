package apply

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// beat is how often a claim says that its run is there; see world.Silence.
const beat = 30 * time.Second

// hearts renew the claims of this run until they are stopped.
type hearts struct {
	mu   sync.Mutex
	stop map[string]context.CancelFunc // by group
	lost map[string]context.Context    // by claim: done when it is somebody else's
	held map[string]string             // group by claim
	keys map[string][]byte             // private key by claim; on disk only while Packer runs, see packer.Build
	wg   sync.WaitGroup
}

// start renews a claim's tag. It outlives the call that made the claim, not
// the Applier.
func (h *hearts) start(ctx context.Context, a *Applier, act plan.Action, group string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	lost, lose := context.WithCancel(context.WithoutCancel(ctx))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		h.stop, h.lost = map[string]context.CancelFunc{}, map[string]context.Context{}
		h.held, h.keys = map[string]string{}, map[string][]byte{}
	}
	h.stop[group], h.lost[act.Name], h.held[act.Name] = cancel, lost, group
	h.wg.Go(func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := a.renew(ctx, act, group); awsapi.IsNotFound(err) {
				lose()
				return
			} else if err != nil && ctx.Err() == nil {
				a.Log.Warn("claim not renewed", "claim", act.Name, "error", err)
			}
		}
	})
}

func (a *Applier) renew(ctx context.Context, act plan.Action, group string) error {
	_, err := a.Clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{group},
		Tags:      tagList(map[string]string{release.TagAlive: release.TagValue(a.Clients.Now().Format(time.RFC3339))}),
	})
	return err
}

// keep remembers the key that goes with a claim.
func (h *hearts) keep(claim string, key []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[claim] = key
}

// group returns the group and the key of a claim that this run has.
func (h *hearts) group(claim string) (group string, key []byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	group, ok = h.held[claim]
	return group, h.keys[claim], ok
}

// watch returns a context that ends when the claim was taken away.
func (h *hearts) watch(ctx context.Context, claim string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	h.mu.Lock()
	lost := h.lost[claim]
	h.mu.Unlock()
	if lost != nil {
		context.AfterFunc(lost, cancel)
	}
	return ctx, cancel
}

func (h *hearts) end(group string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if stop := h.stop[group]; stop != nil {
		stop()
	}
}

func (h *hearts) stopAll() {
	h.mu.Lock()
	for _, stop := range h.stop {
		stop()
	}
	h.mu.Unlock()
	h.wg.Wait()
}
