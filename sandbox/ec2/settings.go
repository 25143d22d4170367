package ec2

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/wire"
)

// Settings are the durations and limits that AWS does not promise.
type Settings struct {
	// How long work takes on AWS; the clock's speed shortens it.
	CopyImage      time.Duration `yaml:"copy_image"`
	CopySnapshot   time.Duration `yaml:"copy_snapshot"`
	CreateImage    time.Duration `yaml:"create_image"`
	RegisterImage  time.Duration `yaml:"register_image"`
	CreateSnapshot time.Duration `yaml:"create_snapshot"`
	// UsageReport is how long a report of an image's usage is pending [?].
	UsageReport time.Duration `yaml:"usage_report"`
	// Lag is how long a new image or snapshot is in no answer yet: AWS's reads
	// are eventually consistent. None by default.
	Lag time.Duration `yaml:"lag"`

	// How long things are remembered or held back; only the clock passes these.
	// LaunchDelay is how late lastLaunchedTime shows a launch.
	LaunchDelay time.Duration `yaml:"launch_delay"`
	// TerminatedShown is how long a terminated instance is still described.
	TerminatedShown time.Duration `yaml:"terminated_shown"`
	// Cooldown is how long deregistration protection with a cool-down goes on
	// after it was switched off.
	Cooldown time.Duration `yaml:"cooldown"`
	// TokenLife is how long a client token is remembered; AWS does not say [?].
	TokenLife time.Duration `yaml:"token_life"`
	// SnapshotCopies is how many snapshot copies may run at once into a
	// region, for one account; 0 leaves it to Service Quotas (20).
	SnapshotCopies int `yaml:"snapshot_copies"`
	// CopyImageLimit says what CopyImage does beyond SnapshotCopies [?].
	CopyImageLimit CopyImageLimit `yaml:"copy_image_limit"`
	// DeregisterPending says what DeregisterImage does to a pending image [?].
	DeregisterPending DeregisterPending `yaml:"deregister_pending"`
	// ImageChanges is how many launch permissions one request may change; less than 0: any
	// number. AWS documents 500 for snapshots, and nothing for images [?].
	ImageChanges int `yaml:"image_changes"`
	// SnapshotBlockCode is the error for making a snapshot public where block public access
	// for snapshots refuses that [?].
	SnapshotBlockCode string `yaml:"snapshot_block_code"`
	// NoCapacity are zones and instance types for which RunInstances has none, as patterns:
	// "us-east-1a/*", "*/m7i.large".
	NoCapacity []string `yaml:"no_capacity"`
	// NotOffered are zones and instance types that are not offered there, as patterns.
	NotOffered []string `yaml:"not_offered"`
}

// Check names the patterns that match no zone and instance type.
func (s Settings) Check() error {
	var errs []error
	for _, pattern := range slices.Concat(s.NoCapacity, s.NotOffered) {
		if !fitsAny(pattern) {
			errs = append(errs, fmt.Errorf("settings: %q matches no zone and instance type, as us-east-1a/t3.micro does", pattern))
		}
	}
	return errors.Join(errs...)
}

func fitsAny(pattern string) bool {
	for _, r := range regionList {
		for _, z := range r.allZones() {
			if slices.ContainsFunc(typeTable, func(t instanceType) bool { return matches([]string{pattern}, z.name, t.name) }) {
				return true
			}
		}
	}
	return false
}

// offers reports whether a type is offered in a zone.
func (s Settings) offers(zone, kind string) bool { return !matches(s.NotOffered, zone, kind) }

// matches reports whether one of the patterns fits a type in a zone.
func matches(patterns []string, zone, kind string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		fits, _ := path.Match(pattern, zone+"/"+kind)
		return fits
	})
}

// launchable says why instances of a type can't be launched in a zone.
func (s Settings) launchable(z zone, kind string) error {
	if s.offers(z.name, kind) {
		return s.capacity(z.name, kind)
	}
	var others []string
	for _, o := range z.region.allZones() {
		if s.offers(o.name, kind) {
			others = append(others, o.name)
		}
	}
	return wire.Errorf("Unsupported", "Your requested instance type (%s) is not supported in your requested Availability Zone (%s). Please retry your request by not specifying an Availability Zone or choosing %s.",
		kind, z.name, strings.Join(others, ", "))
}

// capacity says whether instances of a type can be launched in a zone at the moment.
func (s Settings) capacity(zone, kind string) error {
	if !matches(s.NoCapacity, zone, kind) {
		return nil
	}
	return &wire.Error{
		Code: "InsufficientInstanceCapacity", Status: http.StatusInternalServerError,
		Message: fmt.Sprintf("We currently do not have sufficient %s capacity in the Availability Zone you requested (%s).", kind, zone),
	}
}

// DeregisterPending is one of the things that AWS might do when a pending image is
// deregistered.
type DeregisterPending string

// What DeregisterImage may do to a pending image.
const (
	PendingFreed   DeregisterPending = "free"   // image and snapshot go, and the copy's place is free
	PendingKept    DeregisterPending = "keep"   // the image goes; its snapshot is copied on, and keeps the place
	PendingRefused DeregisterPending = "refuse" // the call answers InvalidAMIID.Unavailable
)

// UnmarshalYAML takes one of the words above.
func (d *DeregisterPending) UnmarshalYAML(text []byte) error {
	switch v := DeregisterPending(strings.Trim(strings.TrimSpace(string(text)), `"'`)); v {
	case PendingFreed, PendingKept, PendingRefused:
		*d = v
		return nil
	default:
		return fmt.Errorf("deregister_pending %q: there are free, keep and refuse", v)
	}
}

// CopyImageLimit is one of the things that AWS might do with one copy too many.
type CopyImageLimit string

// What CopyImage may do beyond the limit of concurrent snapshot copies.
const (
	CopyQueues  CopyImageLimit = "queue"  // the copy waits for a place
	CopyFails   CopyImageLimit = "fail"   // the image ends failed
	CopyRefused CopyImageLimit = "refuse" // the call answers ResourceLimitExceeded
)

// UnmarshalYAML takes one of the words above.
func (l *CopyImageLimit) UnmarshalYAML(text []byte) error {
	switch v := CopyImageLimit(strings.Trim(strings.TrimSpace(string(text)), `"'`)); v {
	case CopyQueues, CopyFails, CopyRefused:
		*l = v
		return nil
	default:
		return fmt.Errorf("copy_image_limit %q: there are queue, fail and refuse", v)
	}
}

// DefaultSettings are what is usual on AWS.
func DefaultSettings() Settings {
	return Settings{
		CopyImage:       8 * time.Minute,
		CopySnapshot:    6 * time.Minute,
		CreateImage:     2 * time.Minute,
		RegisterImage:   5 * time.Second,
		CreateSnapshot:  90 * time.Second,
		UsageReport:     5 * time.Minute,
		LaunchDelay:     24 * time.Hour,
		TerminatedShown: time.Hour,
		Cooldown:        24 * time.Hour,
		TokenLife:       7 * 24 * time.Hour,
		CopyImageLimit:  CopyQueues,

		DeregisterPending: PendingFreed,
		ImageChanges:      mostChanges,
		SnapshotBlockCode: "OperationNotPermitted",
	}
}

func (s Settings) withDefaults() Settings {
	d := DefaultSettings()
	s.CopyImage = cmp.Or(s.CopyImage, d.CopyImage)
	s.CopySnapshot = cmp.Or(s.CopySnapshot, d.CopySnapshot)
	s.CreateImage = cmp.Or(s.CreateImage, d.CreateImage)
	s.RegisterImage = cmp.Or(s.RegisterImage, d.RegisterImage)
	s.CreateSnapshot = cmp.Or(s.CreateSnapshot, d.CreateSnapshot)
	s.UsageReport = cmp.Or(s.UsageReport, d.UsageReport)
	s.LaunchDelay = cmp.Or(s.LaunchDelay, d.LaunchDelay)
	s.TerminatedShown = cmp.Or(s.TerminatedShown, d.TerminatedShown)
	s.Cooldown = cmp.Or(s.Cooldown, d.Cooldown)
	s.TokenLife = cmp.Or(s.TokenLife, d.TokenLife)
	s.CopyImageLimit = cmp.Or(s.CopyImageLimit, d.CopyImageLimit)
	s.DeregisterPending = cmp.Or(s.DeregisterPending, d.DeregisterPending)
	s.ImageChanges = cmp.Or(s.ImageChanges, d.ImageChanges)
	s.SnapshotBlockCode = cmp.Or(s.SnapshotBlockCode, d.SnapshotBlockCode)
	return s
}
