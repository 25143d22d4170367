package marketplace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are what AWS does not promise, or not publicly.
type Settings struct {
	// How long a change set is PREPARING, and then APPLYING; the clock's speed
	// shortens it.
	Preparing time.Duration `yaml:"preparing"`
	Applying  time.Duration `yaml:"applying"`
	// Retention is how long an ended change set is shown; only the clock
	// passes it. The API's model says 60 days, the quota page 90.
	Retention time.Duration `yaml:"retention"`
	// Locks says when a pending change set keeps others off its product.
	Locks Word `yaml:"locks"`
	// CancelRefusal is the error for a change set that is past PREPARING [?].
	CancelRefusal Word `yaml:"cancel_refusal"`
	// TokenReused is the error for a client token that another request had: that AWS refuses
	// it is likely, with which code is not documented [?].
	TokenReused string `yaml:"token_reused"`
	// Open is how many change sets an account may have pending.
	Open int `yaml:"open"`
	// VersionLimit is the limit of versions that a product may have [?].
	VersionLimit VersionLimit `yaml:"version_limit"`
	// Ingestion says how Marketplace may get at an image: by the access role
	// only, or also by sharing image and snapshots with its account.
	Ingestion Word `yaml:"ingestion"`
	// Scan says whether the files of an image are scanned. They can't be
	// where machines have none.
	Scan Word `yaml:"scan"`
	// ScanReport is what the message of SCAN_ERROR is.
	ScanReport Word `yaml:"scan_report"`
	// AssessmentValid is how long after its making an assessment expires; only the clock
	// passes it. AWS does not say how long that is [?].
	AssessmentValid time.Duration `yaml:"assessment_valid"`
	// Update says whether UpdateDeliveryOptions takes members that it has no use for: VersionTitle
	// and AmiSource, which other clients send. What AWS does is not known [?].
	Update Word `yaml:"update"`
	// OperatingSystems are the names that a version may give [?].
	OperatingSystems []string `yaml:"operating_systems"`
}

// VersionLimit is nowhere documented: sellers report a hundred.
type VersionLimit struct {
	Number           int  `yaml:"number"`
	CountsRestricted bool `yaml:"counts_restricted"`
	Failure          Word `yaml:"failure"`
}

// Word is a setting that takes one of a few words.
type Word string

// The words of the settings.
const (
	LocksStrict Word = "strict" // any pending change set locks its product
	LocksFine   Word = "fine"   // the developer guide's rule for separate change sets

	RefuseInUse      Word = "in_use"     // ResourceInUseException
	RefuseValidation Word = "validation" // ValidationException

	LimitAsync      Word = "async"      // the change set fails
	LimitQuota      Word = "quota"      // StartChangeSet: ServiceQuotaExceededException
	LimitValidation Word = "validation" // StartChangeSet: ValidationException

	RoleOrShare Word = "role-or-share"
	RoleOnly    Word = "role"

	ScanDisk Word = "disk"
	ScanOff  Word = "off"

	UpdateStrict  Word = "strict"  // the change set fails: INVALID_INPUT
	UpdateLenient Word = "lenient" // they change nothing

	ReportURL  Word = "url"
	ReportText Word = "text"
)

// DefaultSettings are what is documented or usual.
func DefaultSettings() Settings {
	return Settings{
		Preparing: time.Hour, Applying: 2 * time.Hour, Retention: 90 * 24 * time.Hour,
		Locks: LocksStrict, CancelRefusal: RefuseInUse, TokenReused: "ValidationException", Open: 250,
		VersionLimit: VersionLimit{Number: 100, Failure: LimitAsync},
		Ingestion:    RoleOrShare, Scan: ScanDisk, ScanReport: ReportURL, AssessmentValid: 90 * 24 * time.Hour, Update: UpdateStrict,
		OperatingSystems: []string{"AMAZONLINUX", "UBUNTU", "DEBIAN", "RHEL", "SUSE", "CENTOS", "ROCKYLINUX", "OTHERLINUX", "WINDOWS"},
	}
}

func (s Settings) withDefaults() Settings {
	d := DefaultSettings()
	s.Preparing = cmp.Or(s.Preparing, d.Preparing)
	s.Applying = cmp.Or(s.Applying, d.Applying)
	s.Retention = cmp.Or(s.Retention, d.Retention)
	s.Locks = cmp.Or(s.Locks, d.Locks)
	s.CancelRefusal = cmp.Or(s.CancelRefusal, d.CancelRefusal)
	s.TokenReused = cmp.Or(s.TokenReused, d.TokenReused)
	s.Open = cmp.Or(s.Open, d.Open)
	s.VersionLimit.Number = cmp.Or(s.VersionLimit.Number, d.VersionLimit.Number)
	s.VersionLimit.Failure = cmp.Or(s.VersionLimit.Failure, d.VersionLimit.Failure)
	s.Ingestion = cmp.Or(s.Ingestion, d.Ingestion)
	s.Scan = cmp.Or(s.Scan, d.Scan)
	s.ScanReport = cmp.Or(s.ScanReport, d.ScanReport)
	s.Update = cmp.Or(s.Update, d.Update)
	s.AssessmentValid = cmp.Or(s.AssessmentValid, d.AssessmentValid)
	if len(s.OperatingSystems) == 0 {
		s.OperatingSystems = d.OperatingSystems
	}
	return s
}

// Check returns what is wrong with the words.
func (s Settings) Check() error {
	for name, w := range map[string]struct {
		is    Word
		known []Word
	}{
		"locks":                 {s.Locks, []Word{LocksStrict, LocksFine}},
		"cancel_refusal":        {s.CancelRefusal, []Word{RefuseInUse, RefuseValidation}},
		"version_limit.failure": {s.VersionLimit.Failure, []Word{LimitAsync, LimitQuota, LimitValidation}},
		"ingestion":             {s.Ingestion, []Word{RoleOrShare, RoleOnly}},
		"scan":                  {s.Scan, []Word{ScanDisk, ScanOff}},
		"update":                {s.Update, []Word{UpdateStrict, UpdateLenient}},
		"scan_report":           {s.ScanReport, []Word{ReportURL, ReportText}},
	} {
		if w.is != "" && !slices.Contains(w.known, w.is) {
			var words []string
			for _, k := range w.known {
				words = append(words, string(k))
			}
			return fmt.Errorf("settings: marketplace: %s %q: there are %s", name, w.is, strings.Join(words, ", "))
		}
	}
	return nil
}
