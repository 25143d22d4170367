package world

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMiss: whatever AWS is asked for can be missed; what is fetched is not.
func TestMiss(t *testing.T) {
	for kind, missed := range map[Kind]bool{
		LookImages: true, LookRelease: true, LookNamesakes: true, LookPending: true, LookGrants: true, LookAccess: true, LookBin: true, LookReferences: true, LookUsage: true, LookPause: true, LookClaims: true, LookParams: true, LookNamed: true, LookSnapshots: true, LookLimits: true,
		LookNetwork: true, LookTypes: true, LookMetadata: true, LookDenied: true, LookBase: true, LookListing: true, LookChangeSet: true, LookSellerImages: true,
		LookPackage: false, LookDigest: false, LookNotes: false,
	} {
		t.Run(string(kind), func(t *testing.T) {
			q, w := Query{Kind: kind, Region: "eu-west-1", Account: "1", Variant: "ce/amd64", ID: "ami-1", Listing: "pro", Set: "set"}, New()
			w.Miss(q, time.Now(), "silence")
			nothing := cmp.Diff(New(), w, cmp.AllowUnexported(Region{})) == ""
			if nothing == missed || q.Fetched() == missed {
				t.Errorf("something is noted: %v, fetched: %v; want it noted: %v", !nothing, q.Fetched(), missed)
			}
			if w.Missed(q) != missed {
				t.Errorf("missed: %v, want %v", w.Missed(q), missed)
			}
		})
	}
}
