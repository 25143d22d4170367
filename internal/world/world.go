// Package world holds what AWS has, as values: nothing here calls anything.
//
// What a newcomer would get wrong: unread is not absent. Every fact says when
// it was looked at and whether the look succeeded; a fact that is not Known
// must never be taken for "there is none".
package world

import (
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
)

// Moment spells a time for people: "2026-11-24 12:00 UTC".
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// SetClock is the command that sets a machine's clock right, and keeps it so.
const SetClock = "sudo timedatectl set-ntp true"

// WrongClock says what a Skew means: "this machine's clock is 20m behind AWS's: …".
func WrongClock(skew time.Duration) string {
	side := "behind"
	if skew < 0 {
		side = "ahead of"
	}
	by := strings.TrimSuffix(skew.Abs().Round(time.Minute).String(), "0s")
	return "this machine's clock is " + by + " " + side + " AWS's: what Packer signs by it is refused"
}

// Fact is something that was looked at, looked at in vain, or not looked at.
type Fact[T any] struct {
	At  time.Time // when it was last looked at; zero: never
	Err string    // why the look failed
	Val T
}

// Known reports whether Val is what AWS said.
func (f Fact[T]) Known() bool { return !f.At.IsZero() && f.Err == "" }

// Missed reports whether somebody looked and got no answer.
func (f Fact[T]) Missed() bool { return f.Err != "" }

// World is what is known of AWS, and of the sources of the release.
type World struct {
	Now time.Time // by AWS's own Date header
	// Skew is how far this machine's clock is behind AWS's, if AWS refuses what is
	// signed by it; else zero.
	Skew     time.Duration
	Regions  map[string]Region
	Packages map[string]Fact[Package] // by variant: "ce/arm64"
	Bases    map[string]Fact[Base]    // by variant
	Listings map[string]Listing       // by name
	// Sets are the details of change sets that somebody must know, by id.
	Sets map[string]Fact[SetDetails]
	// Abroad are the own images of the accounts that listings belong to.
	Abroad map[release.Place]Fact[[]Image]
}

// New returns a world in which nothing is known.
func New() World {
	return World{
		Regions: map[string]Region{}, Packages: map[string]Fact[Package]{}, Bases: map[string]Fact[Base]{},
		Listings: map[string]Listing{}, Sets: map[string]Fact[SetDetails]{}, Abroad: map[release.Place]Fact[[]Image]{},
	}
}

// Region is what is known of the releasing account in one region.
type Region struct {
	Images Fact[[]Image]           // all own images
	Grants map[string]Fact[Grants] // by the account that they are shared with
	Claims Fact[[]Claim]           // alive or dead, of any project
	Params Fact[map[string]string] // SSM parameters that were asked for, those that exist
	Limits Fact[Limits]            // what may be public, and whether anything may
	Off    bool                    // the account has not switched the region on
	// Network says why builds can't run in a subnet that the catalog names; in "",
	// the default VPC.
	Network Fact[map[string]string]
	// Denied are IAM actions of a release that the caller may not do, each with
	// what AWS said.
	Denied Fact[map[string]string]
}

// Image is an own AMI. Times are UTC.
type Image struct {
	ID, Name, State string // State as EC2 spells it: pending, available, failed, …
	Reason          string // why it failed
	Arch            string // amd64, arm64
	Public          bool
	Tags            map[string]string
	Created         time.Time
	Snapshots       []string // empty while the image is pending
	Encrypted       bool
	IMDSSupport     string // "v2.0", or empty
	// LastLaunched is when somebody last started a machine from it, a day late;
	// zero: never, or before AWS counted. Deprecated is from when on it is.
	LastLaunched, Deprecated time.Time
}

// The states of an image that decisions rest on.
const (
	Pending   = "pending"
	Available = "available"
	Failed    = "failed"
	Disabled  = "disabled"
)

// Tag returns the value of one of Amiship's own tags, without its schema.
func (i Image) Tag(key string) string {
	v, _ := release.ReadTag(i.Tags[key])
	return v
}

// Schema is the newest schema among the image's own tags; 0: it has none.
func (i Image) Schema() int {
	newest := 0
	for k, v := range i.Tags {
		if strings.HasPrefix(k, "amiship:") {
			_, s := release.ReadTag(v)
			newest = max(newest, s)
		}
	}
	return newest
}

// Grants are the own images and snapshots that one account may use.
type Grants struct{ Images, Snapshots map[string]bool }

// Covers reports whether the account may use the image and all its snapshots.
func (g Grants) Covers(i Image) bool {
	return g.Images[i.ID] && !slices.ContainsFunc(i.Snapshots, func(s string) bool { return !g.Snapshots[s] })
}

// Claim is the security group that says a build of a variant is somebody's,
// with what hangs on it.
type Claim struct {
	Group, Name, KeyPair string // KeyPair is empty if there is none of that name
	Tags                 map[string]string
	Alive                time.Time // when its run last said so
	Run                  string
	Instances            []string // that are not terminated
}

// Tag returns the value of one of Amiship's own tags, without its schema.
func (c Claim) Tag(key string) string {
	v, _ := release.ReadTag(c.Tags[key])
	return v
}

// Silence is after which time a claim counts as dead. It is renewed every 30 s.
const Silence = 2 * time.Minute

// Dead reports whether the claim's run has been silent for too long.
func (c Claim) Dead(now time.Time) bool { return now.Sub(c.Alive) > Silence }

// Package is a fetched and verified package.
type Package struct {
	Path    string
	SHA256  string
	Version string
	Inputs  string // digest of everything declared for the variant
	Note    string // what a person should know: a stand-in, a cached copy
}

// Base is the AMI that a build will start from.
type Base struct {
	ID, Name, Description string
	RootDevice            string // "/dev/xvda"
}

// Query names a fact to read.
type Query struct {
	Kind    Kind
	Region  string
	Account string // of Grants, and of images abroad
	Variant string // of Package and Base
	Listing string // of Listing, Notes and ChangeSet
	Set     string // of ChangeSet: its id
}

// OfListings reports whether a query is about what only listings rest on.
func (q Query) OfListings() bool { return q.Listing != "" || q.Kind == LookAbroad }

// Fetched reports whether the answer is not AWS's: it is downloaded, or a command of
// the catalog's prints it.
func (q Query) Fetched() bool { return q.Kind == LookPackage || q.Kind == LookNotes }

// Kind is what a query asks for.
type Kind string

// The kinds of facts.
const (
	LookImages  Kind = "images"
	LookGrants  Kind = "grants"
	LookClaims  Kind = "claims"
	LookParams  Kind = "params"
	LookPackage Kind = "package"
	LookBase    Kind = "base"

	LookLimits  Kind = "limits"  // quotas, and what keeps AMIs from being public
	LookNetwork Kind = "network" // whether there is one to build in
	LookDenied  Kind = "denied"  // what the caller may not do, by dry runs

	LookListing   Kind = "listing"   // the product, and its newest change sets
	LookChangeSet Kind = "changeset" // what one asks for, and what was wrong with it
	LookNotes     Kind = "notes"     // release notes that a command prints
	LookAbroad    Kind = "abroad"    // images of the account that a listing belongs to
)

// Finding is one thing that a release needs, and whether it is there.
type Finding struct {
	Where string // a region or a listing; empty: here
	What  string
	How   string // Proven, Simulated or Unknown
	Err   string // empty: fine
}

// How it is known that something is there.
const (
	Proven    = "proven"    // it was done
	Simulated = "simulated" // AWS says that it would work
	Unknown   = "unknown"   // it shows only when it is done
)
