package scenarios

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// ordeal is a release and all that goes wrong with it.
type ordeal struct {
	seed  uint64
	kind  string
	clock time.Duration // how far AWS's is ahead of the machine's
	from  int           // stage with which its troubles begin
	runs  []trouble     // of the first runs from there on; later ones are left alone
}

// trouble is what goes wrong with one run.
type trouble struct {
	faults    []string // as in faults.yaml
	server    string   // what becomes of the package server's first answer, as a fault's answer; empty: it comes
	kill      blow
	twice     bool          // another run does the same beside it
	neighbors []neighbor    // of a kind with several projects
	crash     time.Duration // after which the sandbox is killed and started again; 0: it is not
}

// lines say what the trouble is.
func (t trouble) lines() []string {
	out := slices.Clone(t.faults)
	if t.kill != (blow{}) {
		out = append(out, t.kill.String())
	}
	if t.server != "" {
		out = append(out, "the package server's first answer is "+t.server)
	}
	if t.twice {
		out = append(out, "another one at once")
	}
	for _, n := range t.neighbors {
		out = append(out, n.String())
	}
	if t.crash > 0 {
		out = append(out, fmt.Sprintf("the sandbox is killed after %v, and started again", t.crash))
	}
	return out
}

// blow is a kill -9: before or after the effect of a call, or by the clock.
type blow struct {
	call  int // the first is 1; 0: none
	after bool
	time  time.Duration // 0: not by the clock
}

func (b blow) String() string {
	switch {
	case b.time > 0:
		return "killed after " + b.time.String()
	case b.call > 0 && b.after:
		return fmt.Sprintf("killed when call %d has had its effect", b.call)
	case b.call > 0:
		return fmt.Sprintf("killed before call %d", b.call)
	}
	return ""
}

func (o ordeal) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s; AWS's clock is %v ahead\n", o.kind, o.clock)
	for i, r := range o.runs {
		for _, line := range r.lines() {
			fmt.Fprintf(&b, "  run %d, from `amiship %s` on: %s\n", i+1, strings.Join(o.ordered()[o.from].args, " "), line)
		}
	}
	return b.String()
}

// dice draw what happens.
type dice struct {
	*rand.Rand
	kind kind
}

// drawOrdeal is the same for a seed each time. The kinds take turns.
func drawOrdeal(seed uint64) ordeal {
	o := ordeal{seed: seed, kind: kindOf(seed)}
	d := dice{rand.New(rand.NewPCG(seed, 0)), kinds[o.kind]} //nolint:gosec // it is to be repeated
	if d.IntN(3) == 0 {
		o.clock = time.Duration(d.IntN(3600)-1800) * time.Second
	}
	o.from = d.IntN(len(o.ordered()))
	for range 1 + d.IntN(5) {
		o.runs = append(o.runs, d.trouble())
	}
	return o
}

func (d dice) trouble() (t trouble) {
	for range d.IntN(6) {
		t.faults = append(t.faults, mishaps[d.IntN(len(mishaps))](d))
	}
	if d.IntN(4) == 0 {
		t.server = d.loss()
	}
	switch d.IntN(5) {
	case 0, 1:
		t.kill = blow{call: 1 + d.IntN(d.kind.calls), after: d.IntN(2) == 0}
	case 2:
		t.kill = blow{time: d.soon()}
	}
	t.twice = d.IntN(6) == 0
	if d.IntN(10) == 0 && !d.kind.real { // with it end its machines
		t.crash = d.soon()
	}
	t.neighbors = d.neighbors()
	return t
}

// soon is on the machine's clock, within what a run takes.
func (d dice) soon() time.Duration { return time.Duration(50+d.IntN(6000)) * time.Millisecond }

// seconds are on AWS: the sandbox makes milliseconds of them.
func (d dice) seconds(from, to int) string { return fmt.Sprintf("%ds", from+d.IntN(to-from)) }

func (d dice) region() string { return d.kind.regions[d.IntN(len(d.kind.regions))] }

// loss is what becomes of an answer.
func (d dice) loss() string { return d.oneOf("silent", "stalled", "cut") }

func (d dice) action() string {
	return changing[d.IntN(len(changing))]
}

// changing are the calls that change something, and some that only look.
var changing = slices.Concat(strings.Fields(`CreateSecurityGroup AuthorizeSecurityGroupIngress CreateKeyPair RunInstances CreateTags
	StopInstances TerminateInstances CreateImage CopyImage ModifyImageAttribute ModifySnapshotAttribute PutParameter DeregisterImage
	DeleteSnapshot DeleteKeyPair DeleteSecurityGroup StartChangeSet RequestServiceQuotaIncrease EnableImageDeprecation DisableImage
	DescribeImages DescribeSnapshots DescribeInstances GetParameters ListChangeSets`), []string{`"Describe*"`, `"*Image*"`, `"*Security*"`, `"*"`})

// looks only read, and may lag behind what was written.
var looks = []string{`"Describe*"`, `"Get*"`, `"List*"`, "DescribeImages", "DescribeSnapshots", "DescribeInstances", "DescribeSecurityGroups", `"*"`}

// mishaps are the kinds of faults.
var mishaps = []func(d dice) string{
	func(d dice) string {
		return fmt.Sprintf("{region: %s, service: ec2, skip: %d, times: %d, status: 503, code: RequestLimitExceeded}", d.region(), d.IntN(40), 1+d.IntN(30))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, skip: %d, times: %d, status: 500}", d.action(), d.IntN(4), 1+d.IntN(9))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, skip: %d, times: %d, status: 500, after: true}", d.action(), d.IntN(4), 1+d.IntN(9))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, skip: %d, times: %d, status: -1}", d.action(), d.IntN(4), 1+d.IntN(5))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, skip: %d, times: %d, status: -1, after: true}", d.action(), d.IntN(4), 1+d.IntN(5))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, times: %d, delay: %s}", d.action(), 1+d.IntN(5), d.seconds(100, 3000))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, skip: %d, times: %d, answer: %s, after: %t}", d.action(), d.IntN(4), 1+d.IntN(5), d.loss(), d.IntN(2) == 0)
	},
	func(d dice) string {
		return fmt.Sprintf("{region: %s, skip: %d, for: %s, answer: %s}", d.region(), d.IntN(20), d.seconds(500, 15000), d.loss())
	},
	func(d dice) string {
		return fmt.Sprintf("{region: %s, lag: %s, for: %s}", d.region(), d.seconds(100, 3000), d.seconds(2000, 20000))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, lag: %s, for: %s}", d.oneOf(looks...), d.seconds(100, 5000), d.seconds(2000, 20000))
	},
	func(d dice) string {
		return fmt.Sprintf("{region: %s, skip: %d, for: %s}", d.region(), d.IntN(20), d.seconds(500, 15000))
	},
	func(d dice) string {
		return fmt.Sprintf("{region: %s, action: CopyImage, ends: failed, times: 1}", d.region())
	},
	func(d dice) string {
		return fmt.Sprintf("{region: %s, action: CopyImage, ends: vanished, times: 1}", d.region())
	},
	func(d dice) string {
		return fmt.Sprintf("{action: %s, after: %t, times: 1, status: 400, code: InvalidAMIName.Duplicate, message: AMI name is already in use}", d.oneOf("CreateImage", "CopyImage"), d.IntN(2) == 0)
	},
	func(d dice) string {
		return "{action: CreateImage, ends: " + d.oneOf("failed", "vanished") + ", times: 1}"
	},
	func(d dice) string {
		return fmt.Sprintf("{action: RunInstances, ends: deaf, skip: %d, times: 1}", d.IntN(2))
	},
	func(d dice) string {
		return fmt.Sprintf("{action: RunInstances, ends: terminated, lasts: %s, skip: %d, times: 1}", d.seconds(100, 3000), d.IntN(3))
	},
	func(d dice) string {
		return fmt.Sprintf("{service: servicequotas, times: %d, status: 503, code: ServiceException}", 1+d.IntN(40))
	},
	func(d dice) string {
		return fmt.Sprintf("{signed: 5m, times: %d}", 1+d.IntN(40))
	},
	func(d dice) string { // claims can't be renewed for five minutes, and nothing else be tagged
		return "{action: CreateTags, for: 300s, " + d.oneOf("status: 403, code: UnauthorizedOperation", "status: 503, code: RequestLimitExceeded") + "}"
	},
	func(d dice) string { // the same by the machine's clock, as far as a run goes
		return fmt.Sprintf("{action: CreateTags, skip: %d, for: %s, status: 503, code: RequestLimitExceeded}", d.IntN(4), d.seconds(2000, 10000))
	},
	func(d dice) string {
		return "{action: StartChangeSet, ends: " + d.oneOf("failed", "stuck") + ", times: 1}"
	},
	func(d dice) string {
		return fmt.Sprintf("{action: RunInstances, skip: %d, for: %s, status: 500, code: InsufficientInstanceCapacity}", d.IntN(3), d.seconds(2000, 10000))
	},
	func(d dice) string {
		return fmt.Sprintf("{account: vendor, skip: %d, times: %d, status: 400, code: ExpiredToken}", d.IntN(d.kind.calls), 1+d.IntN(40))
	},
}

func (d dice) oneOf(words ...string) string { return words[d.IntN(len(words))] }
