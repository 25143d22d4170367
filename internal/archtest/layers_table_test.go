package archtest

const (
	sdk    = "github.com/aws"
	semver = "github.com/Masterminds/semver/v3"
	unix   = "golang.org/x/sys/unix"
	group  = "golang.org/x/sync/errgroup"
)

// layer says which packages one package may import, the standard library aside.
type layer struct {
	pkg     string   // the path below the module
	pure    bool     // it decides from values: no I/O, and imports only packages that are pure too
	imports []string // packages of this module; of another module, the package or a prefix of its path
	why     string   // what the package knows, which is why it needs nothing else
}

// layers has one row a package, in an order in which every package comes after
// those that it imports, so no import runs in a circle, and none upward. Tests
// may import more.
func layers() []layer {
	return []layer{
		// The product: values and decisions.
		{pkg: "internal/marketplace", pure: true, why: "the shapes, limits and error codes of the Catalog API"},
		{pkg: "internal/record", pure: true, why: "what Amiship writes on AWS, which is its state: names, tags, parameters"},
		{pkg: "internal/release", pure: true, imports: []string{"internal/marketplace", "internal/record", semver}, why: "what a release is: its tag, version, images and regions"},
		{pkg: "internal/world", pure: true, imports: []string{"internal/record", "internal/release"}, why: "what AWS has, as values"},
		{pkg: "internal/audit", pure: true, why: "what check and verify report, as values"},
		{pkg: "internal/plan", pure: true, imports: []string{"internal/record", "internal/release", "internal/world"}, why: "the values of a plan: kinds, steps, blockers, runs"},
		{pkg: "internal/retention", pure: true, imports: []string{"internal/marketplace", "internal/plan", "internal/record", "internal/release", "internal/world"}, why: "what a retention policy keeps, and the stages of what it does not"},
		{pkg: "internal/reconcile", pure: true, imports: []string{"internal/marketplace", "internal/plan", "internal/record", "internal/release", "internal/retention", "internal/world"}, why: "what is left to do, from a release and a world"},
		{pkg: "internal/view", pure: true, imports: []string{"internal/plan", "internal/reconcile", "internal/record", "internal/release", "internal/world"}, why: "where a project is, as one value that everything shown is drawn from"},
		{pkg: "internal/engine", pure: true, imports: []string{"internal/plan", "internal/world"}, why: "what a run does next: order, limits, when to stop"},

		// The product: files and programs of the host, without AWS.
		{pkg: "internal/history", why: "the git repository of a catalog, to which it only asks git"},
		{pkg: "internal/packer", why: "how Packer is run and ended, and which variables a template is given: its caller knows what is built"},
		{pkg: "internal/source", imports: []string{"internal/record", "internal/release", "golang.org/x/sync/singleflight"}, why: "where the shipped package comes from, and its digests"},
		{pkg: "internal/catalog", imports: []string{"internal/marketplace", "internal/packer", "internal/record", "internal/release", "github.com/goccy/go-yaml"}, why: "amiship.yaml: it turns text into a release, checks its names, and knows no plan"},
		{pkg: "examples", why: "files of the examples, embedded"},
		{pkg: "examples/gitlab", why: "tests of that example"},
		{pkg: "examples/prometheus", why: "tests of that example"},
		{pkg: "internal/scaffold", imports: []string{"examples", "internal/catalog"}, why: "the files that init writes"},

		// The product: AWS.
		{pkg: "internal/awsapi", imports: []string{"internal/marketplace", "internal/release", sdk, "golang.org/x/time/rate"}, why: "clients by region, and error codes by name"},
		{pkg: "internal/boottest", imports: []string{"internal/awsapi", "internal/release", sdk, "golang.org/x/crypto/ssh"}, why: "instances from an AMI, and checks on them"},
		{pkg: "internal/observe", imports: []string{"internal/audit", "internal/awsapi", "internal/marketplace", "internal/record", "internal/release", "internal/world", sdk, group}, why: "reads AWS into a world, and decides nothing: no plan"},
		{pkg: "internal/outside", imports: []string{"internal/audit", "internal/awsapi", "internal/boottest", "internal/marketplace", "internal/record", "internal/release", "internal/world", sdk, group}, why: "verifies a release on its own: not through observe, whose mistakes it must find"},
		{pkg: "internal/apply", imports: []string{"internal/awsapi", "internal/boottest", "internal/marketplace", "internal/observe", "internal/packer", "internal/plan", "internal/record", "internal/release", "internal/world", sdk}, why: "runs one step of a plan; which is next, the engine says"},
		{pkg: "internal/probe", imports: []string{"internal/awsapi", "internal/marketplace", "internal/record", sdk}, why: "statements about AWS that the rest relies on, and how each is asked"},
		{pkg: "internal/engine/local", imports: []string{"internal/apply", "internal/awsapi", "internal/engine", "internal/plan", "internal/release", "internal/world"}, why: "runs what the engine decides, in one process"},

		// The product: what users see.
		{pkg: "internal/terminal", imports: []string{"github.com/charmbracelet/x/ansi", "github.com/mattn/go-isatty", unix}, why: "what fits into a terminal: lines, tables, colors, a region that is drawn again"},
		{pkg: "internal/progress", imports: []string{"internal/plan", "internal/release", "internal/terminal", "internal/view", "internal/world", "github.com/charmbracelet/x/ansi"}, why: "what a run is doing, as lines, as JSON and as a table"},
		{pkg: "internal/report", imports: []string{"internal/audit", "internal/engine", "internal/plan", "internal/reconcile", "internal/release", "internal/retention", "internal/terminal", "internal/view", "internal/world"}, why: "texts and JSON of plans and results, from values alone"},
		{pkg: "internal/web/webtest", imports: []string{"internal/reconcile", "internal/view"}, why: "views for tests of pages"},
		{pkg: "internal/web", imports: []string{"internal/plan", "internal/reconcile", "internal/view", "github.com/a-h/templ"}, why: "a view as web pages and metrics: it reads, and changes nothing"},
		{pkg: "internal/rehearse", imports: []string{"internal/awsapi", "internal/boottest", "internal/catalog", "internal/marketplace", "internal/outside", "internal/plan", "internal/progress", "internal/release", "internal/report", "internal/source", "internal/terminal", group}, why: "runs the user's own commands in a sandbox that it starts as a process"},

		// The sandbox: the independent witness, which imports nothing of the product and no AWS SDK.
		{pkg: "sandbox/policy", pure: true, why: "the language of IAM policies, and what they decide"},
		{pkg: "sandbox/cloud", imports: []string{"sandbox/policy", "github.com/google/btree"}, why: "the store: accounts, tables, clock and journal"},
		{pkg: "sandbox/wire", imports: []string{"sandbox/cloud", "sandbox/policy", "github.com/go-json-experiment/json"}, why: "AWS's protocols from the server's side"},
		{pkg: "sandbox/wire/wiretest", imports: []string{"sandbox/cloud"}, why: "requests of tests, signed"},
		{pkg: "sandbox/machine", why: "the drivers' interface: disks, addresses and ports, nothing of EC2"},
		{pkg: "sandbox/machine/emulation", imports: []string{unix}, why: "programs of another processor"},
		{pkg: "sandbox/machine/layer", why: "frozen disks"},
		{pkg: "sandbox/machine/bases", imports: []string{"sandbox/machine", "sandbox/machine/emulation", group, unix}, why: "operating systems that machines start from"},
		{pkg: "sandbox/machine/door", imports: []string{"sandbox/machine", unix}, why: "public addresses on the host's loopback"},
		{pkg: "sandbox/machine/instant", imports: []string{"sandbox/machine", "sandbox/machine/door", "sandbox/machine/layer", "golang.org/x/crypto/ssh"}, why: "machines that only answer SSH"},
		{pkg: "sandbox/machine/network", imports: []string{"sandbox/machine", "sandbox/machine/door", "github.com/containers/gvisor-tap-vsock", "github.com/sirupsen/logrus", unix}, why: "the machines' network"},
		{pkg: "sandbox/machine/container", imports: []string{"sandbox/machine", "sandbox/machine/bases", "sandbox/machine/emulation", "sandbox/machine/layer", "sandbox/machine/network", unix}, why: "machines that run a whole Linux system"},
		{pkg: "sandbox/imds", why: "the metadata service, from values that it is given"},
		{pkg: "sandbox/quotas", imports: []string{"sandbox/cloud", "sandbox/wire"}, why: "Service Quotas"},
		{pkg: "sandbox/rbin", imports: []string{"sandbox/wire"}, why: "the Recycle Bin"},
		{pkg: "sandbox/ssm", imports: []string{"sandbox/cloud", "sandbox/wire"}, why: "the Parameter Store"},
		{pkg: "sandbox/sts", imports: []string{"sandbox/cloud", "sandbox/policy", "sandbox/wire"}, why: "the Security Token Service"},
		{pkg: "sandbox/iam", imports: []string{"sandbox/cloud", "sandbox/sts", "sandbox/wire"}, why: "what an account is called, its roles and instance profiles"},
		{pkg: "sandbox/ec2", imports: []string{"sandbox/cloud", "sandbox/iam", "sandbox/machine", "sandbox/quotas", "sandbox/wire", "golang.org/x/crypto/ssh"}, why: "EC2, whose images count against quotas and whose instances are machines"},
		{pkg: "sandbox/marketplace/scan", why: "Marketplace's scan of a disk"},
		{pkg: "sandbox/marketplace", imports: []string{"sandbox/cloud", "sandbox/ec2", "sandbox/machine", "sandbox/marketplace/scan", "sandbox/sts", "sandbox/wire", "github.com/santhosh-tekuri/jsonschema/v6"}, why: "the Catalog API, which copies EC2's images"},
		{pkg: "sandbox/admin", imports: []string{"sandbox/cloud", "sandbox/wire", unix}, why: "the sandbox's own socket: clock, faults, state"},
		{pkg: "sandbox", imports: []string{"sandbox/admin", "sandbox/cloud", "sandbox/ec2", "sandbox/iam", "sandbox/imds", "sandbox/machine", "sandbox/machine/bases", "sandbox/machine/container", "sandbox/machine/instant", "sandbox/marketplace", "sandbox/policy", "sandbox/quotas", "sandbox/rbin", "sandbox/ssm", "sandbox/sts", "sandbox/wire", "github.com/goccy/go-yaml", group}, why: "puts the services together behind one endpoint"},
		{pkg: "sandbox/exectest", why: "programs that tests write and execute"},
		{pkg: "sandbox/sandboxtest", imports: []string{"sandbox", "sandbox/admin", "sandbox/wire"}, why: "sandboxes in the process of a test"},
		{pkg: "sandbox/conformance", why: "tests of the sandbox against AWS's own models and clients"},

		// The commands.
		{pkg: "internal/cli", imports: []string{
			"internal/apply", "internal/audit", "internal/awsapi", "internal/boottest", "internal/catalog", "internal/engine", "internal/engine/local", "internal/history", "internal/marketplace",
			"internal/observe", "internal/outside", "internal/packer", "internal/plan", "internal/probe", "internal/progress", "internal/reconcile", "internal/record", "internal/rehearse", "internal/release", "internal/report", "internal/scaffold", "internal/source", "internal/terminal", "internal/view", "internal/web", "internal/world",
			"sandbox", "sandbox/admin", "sandbox/machine", "sandbox/machine/bases", "sandbox/machine/container", "sandbox/wire", // to run it: all else reaches it over HTTP
			group, unix, "github.com/spf13/cobra", "github.com/spf13/pflag",
		}, why: "flags, environment, wiring, hints and exit codes"},
		{pkg: "cmd/amiship", imports: []string{"internal/cli"}, why: "main"},

		// Tools and tests of the repository.
		{pkg: "bench", imports: []string{sdk + "/aws-sdk-go-v2/aws", group}, why: "measures the built binary beside other tools: it signs requests, and imports nothing that it measures"},
		{pkg: "internal/archtest", why: "tests of the architecture"},
		{pkg: "internal/sabotage", why: "tests of the tests"},
		{pkg: "scenarios", why: "tests of the built binary"},
	}
}

// apart says what a package, or any below it, never links, even through
// another package. No row of layers() can permit it.
func apart() map[string][]string {
	return map[string][]string{
		"sandbox":           {"amiship/internal", sdk}, // it must not share a mistake with what it tests
		"sandbox/machine":   {"amiship/sandbox/ec2", "amiship/sandbox/cloud", "amiship/sandbox/wire"},
		"sandbox/cloud":     {"amiship/sandbox/wire", "amiship/sandbox/machine"},
		"internal/outside":  {"amiship/internal/observe", "amiship/internal/plan", "amiship/internal/apply"}, // the same, for verify
		"internal/observe":  {"amiship/internal/plan", "amiship/internal/apply", "amiship/internal/engine"},
		"internal/apply":    {"amiship/internal/engine"},
		"internal/report":   {sdk},
		"internal/catalog":  {sdk},
		"internal/source":   {sdk},
		"internal/scaffold": {sdk},
		"internal/history":  {"amiship/internal", sdk},
		"internal/packer":   {"amiship/internal", sdk},
	}
}
