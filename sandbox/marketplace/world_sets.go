package marketplace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// WorldChangeSet is a change set that was submitted before.
type WorldChangeSet struct {
	Product string  `yaml:"product"` // id
	Name    string  `yaml:"name,omitempty"`
	Type    string  `yaml:"type,omitempty"`    // change type; AddDeliveryOptions when empty
	Status  string  `yaml:"status,omitempty"`  // PREPARING when empty
	Started ec2.Age `yaml:"started,omitempty"` // how long ago
	Took    ec2.Age `yaml:"took,omitempty"`    // until its end; three hours when zero
	Stuck   bool    `yaml:"stuck,omitempty"`   // it never leaves its status
	// Details are those of the change. Without any, they add the version with
	// the title Version and the account's image with the name Image.
	Details map[string]any `yaml:"details,omitempty"`
	Version string         `yaml:"version,omitempty"`
	Image   string         `yaml:"image,omitempty"`
	// How it failed.
	FailureCode string       `yaml:"failure_code,omitempty"` // CLIENT_ERROR when empty
	Errors      []WorldError `yaml:"errors,omitempty"`
}

// WorldError is an ErrorDetail.
type WorldError struct {
	Code    string `yaml:"code"`
	Message string `yaml:"message"`
	Control string `yaml:"control,omitempty"` // that has failed, in the assessment of the image
}

func problemsOf(errs []WorldError) []Problem {
	var out []Problem
	for _, e := range errs {
		out = append(out, Problem{Code: e.Code, Message: e.Message, Control: e.Control})
	}
	return out
}

func (w WorldChangeSet) load(tx *cloud.Tx, n int, set Settings) error {
	p, found := products.Get(tx, "", w.Product)
	if !found {
		return fmt.Errorf("there is no product %q", w.Product)
	}
	w.Type = cmp.Or(w.Type, addOptions)
	w.Status = cmp.Or(w.Status, preparing)
	if !slices.Contains([]string{preparing, applying, succeeded, failed, cancelled}, w.Status) {
		return fmt.Errorf("status %q: there are %s, %s, %s, %s and %s", w.Status, preparing, applying, succeeded, failed, cancelled)
	}
	if !slices.Contains(changeTypes, w.Type) {
		return fmt.Errorf("the sandbox has no change type %q", w.Type)
	}
	details, err := w.details(tx, p)
	if err != nil {
		return err
	}
	s := ChangeSet{
		ID: madeUp(25, "change set", p.ID, strconv.Itoa(n)), Account: p.Account, Name: cmp.Or(w.Name, "Submitted by "+p.Account), Intent: apply, Status: w.Status,
		Started: tx.Now.Add(-time.Duration(w.Started)).Truncate(time.Second),
		Changes: []Change{{Type: w.Type, Product: p.ID, Identifier: p.Identifier(), Details: details}},
	}
	w.age(tx, &s, set)
	putSet(tx, s)
	return nil
}

// age gives the set the times that follow from when it was made.
func (w WorldChangeSet) age(tx *cloud.Tx, s *ChangeSet, set Settings) {
	left := func(d time.Duration) time.Time { // the sandbox's speed shortens what AWS takes, not how long ago it began
		return later(tx.Now, tx.Due(d).Add(-time.Duration(w.Started)))
	}
	s.Prepared, s.Applied = left(set.Preparing), left(set.Preparing+set.Applying)
	if s.pending() {
		if w.Stuck {
			s.Fate = &Fate{Stuck: w.Status}
		}
		return
	}
	s.Ended = s.Started.Add(cmp.Or(time.Duration(w.Took), 3*time.Hour))
	if w.Status == failed {
		w.FailureCode = cmp.Or(w.FailureCode, clientError)
		s.Status = preparing
		*s = s.fail(w.FailureCode, s.Ended, [][]Problem{problemsOf(w.Errors)})
		set.assessFate(tx, *s, problemsOf(w.Errors), s.Ended)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// details are those of the world, or made up.
func (w WorldChangeSet) details(tx *cloud.Tx, p Product) (json.RawMessage, error) {
	if len(w.Details) > 0 || w.Type != addOptions {
		if w.Details == nil {
			w.Details = map[string]any{}
		}
		return json.Marshal(w.Details)
	}
	w.Version = cmp.Or(w.Version, "an earlier version")
	image := madeUpImage(p.ID, w.Version)
	if w.Image != "" {
		im, err := imageNamed(tx, p.Account, w.Image)
		if err != nil {
			return nil, err
		}
		image = im.ID
	}
	type object = map[string]any
	return json.Marshal(object{
		"Version": object{"VersionTitle": w.Version, "ReleaseNotes": "Version " + w.Version + "."},
		"DeliveryOptions": []object{{"Details": object{"AmiDeliveryOptionDetails": object{
			"AmiSource": object{
				"AmiId": image, "AccessRoleArn": cloud.PartitionOf(home).ARN("iam", "", p.Account, "role/ingestion"), "UserName": "ubuntu",
				"OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04",
			},
			"UsageInstructions": "Start it and log in with SSH.", "RecommendedInstanceType": "m5.large",
			"SecurityGroups": []object{{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": []string{"0.0.0.0/0"}}},
		}}}},
	})
}
