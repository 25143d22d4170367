package marketplace_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire"
)

// TestFaultsOfChangeSets: a fault on the call says how the change set ends.
func TestFaultsOfChangeSets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ends wire.Ending
		want types.ChangeStatus
		code types.FailureCode
	}{
		"Marketplace's own fault": {wire.EndsFailed, types.ChangeStatusFailed, types.FailureCodeServerFault},
		"stuck":                   {wire.EndsStuck, types.ChangeStatusPreparing, ""},
		"of something else":       {wire.EndsDeaf, types.ChangeStatusSucceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			r.wire.SetFaults([]wire.Fault{{Action: "StartChangeSet", Ends: c.ends}})
			id := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
			r.pass(24 * time.Hour)
			if got := r.see(id); got.Status != c.want || got.FailureCode != c.code {
				t.Errorf("it is %s %s, want %s %s", got.Status, got.FailureCode, c.want, c.code)
			}
		})
	}
}
