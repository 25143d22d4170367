package scenarios

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// kind is a release, with what it needs around it.
type kind struct {
	world   string // without the clock
	bundle  func(t *testing.T) (file string)
	regions []string
	calls   int // about as many as an undisturbed run makes
	stages  []stage
	lives   [][]stage // in place of stages: each in its order, and at random beside each other
	seller  string    // account that has the listings, if it is not the vendor
	remedy  string    // by which the operator unblocks a region's quota
	real    bool      // machines that run, which take minutes
}

// stage is a command that is run until it is done.
type stage struct {
	args    []string
	project string          // directory of its catalog, if there are several
	later   time.Duration   // passes before it
	patient time.Duration   // passes after a run that still had to wait
	down    string          // region
	until   string          // what the last run says; empty: it ends with 0
	before  func(*sufferer) // what the operator does before it
}

// kindNames are in the order in which seeds take them; each machinesEvery-th is
// of onMachines instead.
var kindNames = []string{"images", "listed", "full", "kept", "waived", "withdrawn", "unblocked", "seller", "neighbors", "refused", "protected", "patches"}

const (
	onMachines    = "machines"
	machinesEvery = 25
)

func kindOf(seed uint64) string {
	if seed%machinesEvery == machinesEvery-1 {
		return onMachines
	}
	return kindNames[seed%uint64(len(kindNames))]
}

const releasedTag = "v2.42.0"

var kinds = map[string]kind{
	"images": {
		bundle: twoImages, regions: []string{"us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"}, calls: 220,
		stages: []stage{{args: []string{"release", releasedTag}}},
	},
	"listed": {
		world:  marketAccounts + soldHere + "settings:\n  marketplace: {" + aDay + "}\n",
		bundle: func(t *testing.T) string { return listedBundle(t, "    retries: 3\n") }, regions: []string{"us-east-1", "eu-west-1"}, calls: 120,
		stages: []stage{{args: []string{"release", releasedTag}, patient: 13 * time.Hour}},
	},
	"full": {
		world: fullRegions, regions: []string{"us-east-1", "eu-west-1"}, calls: 110,
		bundle: func(t *testing.T) string { return twoRegions(t, "quota: {raise: true, horizon: 3}\n") },
		stages: []stage{{args: []string{"release", releasedTag}}},
	},
	"kept": {
		world: oldReleases, regions: []string{"us-east-1", "eu-west-1"}, calls: 90,
		bundle: func(t *testing.T) string { // without a limit a run: one that is begun again would do more than one that is not
			return twoRegions(t, "keep: {public: {patches: 1, minors: 1}}\nretire: {with_release: true, max_per_run: 100}\n")
		},
		stages: []stage{
			{args: []string{"release", releasedTag}},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
		},
	},
	"waived": {
		regions: []string{"us-east-1", "eu-west-1", "us-west-2"}, calls: 110,
		bundle: func(t *testing.T) string { return inRegions(t, "us-east-1, eu-west-1, us-west-2", "") },
		stages: []stage{
			{args: []string{"release", releasedTag, "--until", "tested"}},
			{args: []string{"waive", "eu-west-1", "--reason", "outage", "--until", "2099-01-01"}, down: "eu-west-1"},
			{args: []string{"release", releasedTag}, down: "eu-west-1"},
			{args: []string{"release", "--all-open"}, until: "no release is open"},
		},
	},
	"withdrawn": {
		world: oldReleases, regions: []string{"us-east-1", "eu-west-1"}, calls: 90,
		bundle: func(t *testing.T) string { return twoRegions(t, "") },
		stages: []stage{
			{args: []string{"release", releasedTag}},
			{args: []string{"withdraw", releasedTag, "--reason", "eats disks", "--yes"}},
		},
	},
	"unblocked": {
		world: fullOfOurs, regions: []string{"us-east-1", "eu-west-1"}, calls: 90, remedy: "demote",
		bundle: func(t *testing.T) string { return twoRegions(t, "") },
		stages: []stage{{args: []string{"release", releasedTag}}},
	},
	"seller": {
		world: sellersWorld, regions: []string{"us-east-1", "eu-west-1"}, calls: 120, seller: "seller",
		bundle: func(t *testing.T) string { return sellersBundle(t, "    retries: 3\n") },
		stages: []stage{{args: []string{"release", releasedTag}, patient: 13 * time.Hour}},
	},
	"neighbors": {
		world: neighborsWorld, bundle: neighborBundles, regions: []string{"us-east-1", "eu-west-1"}, calls: 90, lives: neighborLives,
	},
	"refused": {
		world: refusing, regions: []string{"us-east-1", "eu-west-1"}, calls: 110, bundle: refusedBundle,
		stages: []stage{{args: []string{"release", releasedTag}, before: namesSubnets}},
	},
	"protected": {
		world: oldReleases, regions: []string{"us-east-1", "eu-west-1"}, calls: 90,
		bundle: func(t *testing.T) string {
			return twoRegions(t, "keep: {public: {patches: 1, minors: 1}}\nretire: {with_release: true, max_per_run: 100}\n")
		},
		stages: []stage{
			{args: []string{"release", releasedTag, "--until", "tested"}},
			{args: []string{"release", releasedTag}, before: protects},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour, before: unprotects},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
			{args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
		},
	},
	"patches": {
		world:  marketAccounts + soldHere + "settings:\n  marketplace: {" + aDay + "}\n",
		bundle: patchesBundle, regions: []string{"us-east-1", "eu-west-1"}, calls: 120,
		stages: []stage{
			{args: []string{"release", releasedTag, "--until", "shared"}},
			{args: []string{"release", "v2.41.9", "--until", "shared"}},
			{args: []string{"release", "v2.41.10", "--until", "shared"}},
			{args: []string{"release", "--all-open"}, patient: 13 * time.Hour, until: "no release is open"},
		},
	},
	onMachines: {
		real: true, regions: []string{"us-east-1", "eu-west-1"}, calls: 130,
		bundle: func(t *testing.T) string { return twoRegions(t, "") },
		stages: []stage{{args: []string{"release", releasedTag}}},
	},
}

// soldHere is a product with a version.
const soldHere = `marketplace:
  products:
    - id: prod-premium123456
      title: Prometheus Premium
      account: vendor
      product_code: 0123456789abcdefghijklmno
      architecture: amd64
      regions: [us-east-1]
      subscribers: [buyer]
      versions: [{title: "Prometheus Premium 2.41.0", created: 30d}]
`

// fullRegions have no capacity for another public AMI; AWS gives more when it is asked.
const fullRegions = `ec2: [{account: vendor, regions: [us-east-1, eu-west-1], images: [{name: "Old {n}", count: 5, public: true, created: 400d}]}]
quotas: {outcomes: [{account: vendor, end: approve, after: 20m}]}
`

// fullOfOurs is as full, but one of the releases in it can do without being public.
const fullOfOurs = `ec2:
  - account: vendor
    regions: [us-east-1, eu-west-1]
    images:
      - {name: "Old {n}", count: 3, public: true, created: 400d}
      - {name: "Prometheus 2.41.0", public: true, created: 100d, tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.41.0", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.41.0", "amiship:build": "1:0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
      - {name: "Prometheus 2.41.1", public: true, created: 90d, tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.41.1", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.41.1", "amiship:build": "1:0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
`

// oldReleases are two that are kept no longer, once there is a newer one.
const oldReleases = `ec2:
  - account: vendor
    regions: [us-east-1, eu-west-1]
    images:
      - {name: "Prometheus 2.41.0", public: true, created: 100d, tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.41.0", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.41.0", "amiship:build": "1:0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
      - {name: "Prometheus 2.40.0", public: true, created: 300d, shared_with: [customer], tags: {"amiship:project": "1:prometheus", "amiship:tag": "1:v2.40.0", "amiship:image": "1:prometheus", "amiship:arch": "1:amd64", "amiship:version": "1:2.40.0", "amiship:build": "1:0", "amiship:stage": "1:release", "amiship:public": "1:yes"}}
`

// twoImages is the example with a second image, which is private and has a license.
func twoImages(t *testing.T) string {
	t.Helper()
	file := instantBundle(t)
	appendTo(t, file, `
  premium:
    arch: [amd64]
    name: "Prometheus {version} Premium"
    share: ["679593333241"]
    license: {env: PREMIUM_LICENSE}
    checks: [{run: "true"}]
`)
	return file
}

// twoRegions is the example in two regions, with more lines.
func twoRegions(t *testing.T, more string) string {
	t.Helper()
	return inRegions(t, "us-east-1, eu-west-1", more)
}

func inRegions(t *testing.T, regions, more string) string {
	t.Helper()
	file := instantBundle(t)
	writeFile(t, file, regionsLine.ReplaceAllString(readFile(t, file), "  required: ["+regions+"]"))
	appendTo(t, file, more)
	return file
}

// impatient has Packer give up on an instance that rejects every login.
func impatient(t *testing.T, k kind, file string) string {
	t.Helper()
	patience := map[bool]string{true: "2m", false: "4s"}[k.real]
	replaceIn(t, filepath.Join(filepath.Dir(file), "packer", "image.pkr.hcl"), `ssh_timeout          = "10m"`, `ssh_timeout          = "`+patience+`"`)
	return file
}

// calmWorlds are what kinds of releases lead to when nothing goes wrong.
type calmWorlds struct{ worlds sync.Map }

func (u *calmWorlds) of(t *testing.T, name string) map[string][]string {
	t.Helper()
	look, _ := u.worlds.LoadOrStore(name, sync.OnceValue(func() map[string][]string {
		s := newSufferer(t, ordeal{kind: name})
		if complaint := s.release(); complaint != "" {
			t.Errorf("an undisturbed release: %s\n%s", complaint, s.said)
		}
		return s.outcome()
	}))
	return look.(func() map[string][]string)()
}
