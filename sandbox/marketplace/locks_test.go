package marketplace_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// TestLocks: which second change set is refused while a first one is pending.
func TestLocks(t *testing.T) {
	t.Parallel()
	const add, update, restrict, info = "AddDeliveryOptions", "UpdateDeliveryOptions", "RestrictDeliveryOptions", "UpdateInformation"
	tests := map[string]struct {
		first, second string
		other         bool          // the second is for another product
		after         time.Duration // the first began
		strict, fine  bool          // it is refused
	}{
		"same type":               {add, add, false, 0, true, true},
		"update, then add":        {update, add, false, 0, true, true},
		"add, then update":        {add, update, false, 0, true, true},
		"restrict, then update":   {restrict, update, false, 0, true, true},
		"add, then restrict":      {add, restrict, false, 0, true, false},
		"information, then add":   {info, add, false, 0, true, false},
		"add while applying":      {info, add, false, time.Hour, true, true},
		"after the end":           {add, add, false, 3 * time.Hour, false, false},
		"of another product":      {add, add, true, 0, false, false},
		"another, while applying": {add, add, true, time.Hour, false, false},
	}
	for _, locks := range []marketplace.Word{marketplace.LocksStrict, marketplace.LocksFine} {
		for name, tt := range tests {
			t.Run(string(locks)+": "+name, func(t *testing.T) {
				r := newRig(t, marketplace.Settings{Locks: locks})
				first := r.begin(r.some(t, tt.first, thing, "2.0"))
				r.pass(tt.after)
				product := thing
				if tt.other {
					product = fresh
				}
				_, err := r.try(input(r.some(t, tt.second, product, "3.0")))
				refused := tt.strict
				if locks == marketplace.LocksFine {
					refused = tt.fine
				}
				if !refused {
					wiretest.WantCode(t, err, "")
					return
				}
				wiretest.WantCode(t, err, "ResourceInUseException")
				want := "Requested change set has entities locked by change sets - entity: '" + thing + "'  change sets: " + first + "."
				if !strings.Contains(err.Error(), want) || status(err) != http.StatusLocked {
					t.Errorf("it says %q with status %d", err, status(err))
				}
			})
		}
	}
}

// TestStuckLocksAll: what AWS's staff must handle keeps everything else
// off its product, whatever the rule.
func TestStuckLocksAll(t *testing.T) {
	t.Parallel()
	w := testWorld()
	w.Outcomes = []marketplace.Outcome{{Product: thing, Stuck: true, Times: 1}}
	r := newRigWith(t, marketplace.Settings{Locks: marketplace.LocksFine}, w)
	id := r.begin(r.some(t, "UpdateInformation", thing, "1"))
	_, err := r.try(input(r.some(t, "AddDeliveryOptions", thing, "2.0")))
	wiretest.WantCode(t, err, "ResourceInUseException")
	wiretest.WantCode(t, r.cancel(vendor, id), "")
	r.ends(t, r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0")), "")
}

// TestInOrder: two change sets that were not scanned end in the order of
// their ends.
func TestInOrder(t *testing.T) {
	t.Parallel()
	for range 4 { // their ids are random
		r := newRig(t, marketplace.Settings{Locks: marketplace.LocksFine})
		r.begin(r.some(t, "UpdateInformation", thing, "1"))
		r.pass(30 * time.Minute)
		second := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
		r.pass(26 * time.Hour)
		out, _ := r.entity(thing)
		if *out.LastModifiedDate != "2026-11-22T15:30:00Z" || *out.EntityIdentifier != thing+"@6" || *r.see(second).EndTime != *out.LastModifiedDate {
			t.Errorf("the product is %s of %s", *out.EntityIdentifier, *out.LastModifiedDate)
		}
	}
}

// some is a change that is good.
func (r *rig) some(t *testing.T, kind, product, title string) types.Change {
	t.Helper()
	_, doc := r.entity(product)
	switch kind {
	case "AddDeliveryOptions":
		return change(kind, product, r.version(title, r.image("us-east-1", "good")))
	case "UpdateDeliveryOptions":
		return change(kind, product, object{"DeliveryOptions": []object{{"Id": doc.option(t, "1.1")}}})
	case "RestrictDeliveryOptions":
		return change(kind, product, object{"DeliveryOptionIds": []string{doc.option(t, "1.1")}})
	}
	return change(kind, product, object{"Sku": title})
}

func (r *rig) cancel(account, id string) error {
	_, err := r.catalog(account, "us-east-1").CancelChangeSet(r.t.Context(), &marketplacecatalog.CancelChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSetId: &id})
	return err
}

// TestCancel: only while PREPARING, and then the product is free.
func TestCancel(t *testing.T) {
	t.Parallel()
	for setting, refusal := range map[marketplace.Word]string{marketplace.RefuseInUse: "ResourceInUseException", marketplace.RefuseValidation: "ValidationException"} {
		t.Run(string(setting), func(t *testing.T) {
			r := newRig(t, marketplace.Settings{CancelRefusal: setting})
			id := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
			wiretest.WantCode(t, r.cancel(customer, id), "ResourceNotFoundException")
			wiretest.WantCode(t, r.cancel(vendor, "nothing"), "ResourceNotFoundException")
			r.pass(time.Minute)
			wiretest.WantCode(t, r.cancel(vendor, id), "")
			if got := r.see(id); got.Status != "CANCELLED" || *got.EndTime != "2026-11-22T12:01:00Z" {
				t.Errorf("it is %s since %v", got.Status, got.EndTime)
			}
			wiretest.WantCode(t, r.cancel(vendor, id), refusal)
			second := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
			r.pass(time.Hour)
			wiretest.WantCode(t, r.cancel(vendor, second), refusal)
			r.ends(t, second, "")
			if _, doc := r.entity(thing); len(doc.Versions) != 4 {
				t.Errorf("there are %d versions", len(doc.Versions))
			}
		})
	}
}

// TestOutcomes: a world says how change sets end, and how often.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	w := testWorld()
	w.Outcomes = []marketplace.Outcome{
		{Product: thing, Status: "FAILED", FailureCode: "SERVER_FAULT", Times: 2},
		{Product: thing, Type: "AddDeliveryOptions", Status: "FAILED", Errors: []marketplace.WorldError{{Code: "NEVER_SEEN", Message: "Think."}}, Times: 1},
		{Product: thing, Preparing: 20 * time.Hour, Applying: 6 * time.Hour, Times: 1},
		{Product: narrow, Status: "APPLYING", Stuck: true},
	}
	r := newRigWith(t, marketplace.Settings{}, w)
	for range 2 {
		id := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
		r.pass(time.Hour)
		if got := r.see(id); got.Status != "FAILED" || got.FailureCode != "SERVER_FAULT" || len(codes(got)) != 0 {
			t.Errorf("it is %s, %s, %v", got.Status, got.FailureCode, codes(got))
		}
	}
	r.ends(t, r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0")), "NEVER_SEEN")
	slow := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
	for _, want := range []types.ChangeStatus{"PREPARING", "PREPARING", "APPLYING"} {
		r.pass(8 * time.Hour)
		if got := r.see(slow).Status; got != want {
			t.Errorf("the slow one is %s, want %s", got, want)
		}
	}
	r.ends(t, slow, "")
	stuck := r.begin(r.some(t, "UpdateInformation", narrow, "1"))
	r.pass(30 * 24 * time.Hour)
	if got := r.see(stuck).Status; got != "APPLYING" {
		t.Errorf("what is stuck is %s", got)
	}
	r.ends(t, r.begin(r.some(t, "AddDeliveryOptions", thing, "3.0")), "")
}

// TestBrokenDisk: a disk that cannot be read is no fault of the seller's.
func TestBrokenDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	r.driver.broken = http.ErrServerClosed
	id := r.begin(r.some(t, "AddDeliveryOptions", thing, "2.0"))
	r.pass(time.Hour)
	if got := r.see(id); got.Status != "FAILED" || got.FailureCode != "SERVER_FAULT" || !slices.Equal(codes(got), nil) || !strings.Contains(*got.FailureDescription, "could not be scanned") {
		t.Errorf("it is %s, %s: %s", got.Status, got.FailureCode, *got.FailureDescription)
	}
}
