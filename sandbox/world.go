package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/iam"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/quotas"
	"amiship/sandbox/ssm"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// World is what a sandbox has at its beginning, beside the default accounts.
// It is loaded once into an empty state; only faults are set at every start.
// Wherever an account is named, its name and its id will do.
type World struct {
	Accounts    []Account         `yaml:"accounts,omitempty"`
	Quotas      quotas.World      `yaml:"quotas,omitempty"`
	Parameters  []ssm.Given       `yaml:"parameters,omitempty"`
	EC2         ec2.World         `yaml:"ec2,omitempty"`
	Marketplace marketplace.World `yaml:"marketplace,omitempty"`
	Settings    Settings          `yaml:"settings,omitempty"`
	Faults      []wire.Fault      `yaml:"faults,omitempty"`
	// Clock is how far the sandbox's is ahead of the machine's at the beginning,
	// or behind it: who runs against it has a clock that is wrong.
	Clock time.Duration `yaml:"clock,omitempty"`
}

// Settings are what AWS does not promise. They are kept with the state.
type Settings struct {
	EC2         ec2.Settings         `yaml:"ec2,omitempty"`
	Marketplace marketplace.Settings `yaml:"marketplace,omitempty"`
	// HostPorts are ports of the sandbox's host that machines reach at
	// host.sandbox.internal. None is open unless it is named.
	HostPorts []uint `yaml:"host_ports,omitempty"`
	// ImageCheck is how long Parameter Store takes to check an image.
	ImageCheck time.Duration `yaml:"image_check,omitempty"`
}

// Account is an AWS account. One that has the name of a default account
// replaces it.
type Account struct {
	Name  string `yaml:"name"`
	ID    string `yaml:"id"`              // twelve digits
	Alias string `yaml:"alias,omitempty"` // owner alias of its images
	// Organizations are the ARNs of the organization that it belongs to, and of its units.
	Organizations []string `yaml:"organizations,omitempty"`
	// Partition is aws-us-gov, aws-cn or aws-eusc; aws when empty.
	Partition string `yaml:"partition,omitempty"`
	// Keys are its access keys; without any, it gets one.
	Keys []Key `yaml:"keys,omitempty"`
	// Keyless accounts get no key.
	Keyless bool   `yaml:"keyless,omitempty"`
	Roles   []Role `yaml:"roles,omitempty"`
	// OIDCProviders are the OpenID Connect providers that its roles may trust.
	OIDCProviders []OIDCProvider `yaml:"oidc_providers,omitempty"`
	// InstanceProfiles are names of its instance profiles; one has the role of its name.
	InstanceProfiles []string `yaml:"instance_profiles,omitempty"`
}

// partition is that of the account; check has seen that there is one.
func (a Account) partition() cloud.Partition {
	p, _ := cloud.FindPartition(a.Partition)
	return p
}

// Key is an access key of an IAM user.
type Key struct {
	ID     string   `yaml:"id,omitempty"`     // AKIA and 16 characters
	Secret string   `yaml:"secret,omitempty"` // random when empty
	User   string   `yaml:"user,omitempty"`   // the account's name when empty
	Deny   []string `yaml:"deny,omitempty"`   // IAM actions it lacks: "ec2:CopyImage", "ssm:*"
	// Policies are what it may do: IAM policies, or names of files with one, seen from the world's.
	// Without this it may do everything; an empty list allows nothing.
	Policies *[]Document `yaml:"policies,omitempty"`
}

// Role can be assumed by those whom it trusts.
type Role struct {
	Name       string        `yaml:"name"`
	Trust      []string      `yaml:"trust,omitempty"` // accounts, ARNs of principals, services, or "*"
	ExternalID string        `yaml:"external_id,omitempty"`
	Deny       []string      `yaml:"deny,omitempty"`
	Policies   *[]Document   `yaml:"policies,omitempty"`    // as of a key
	MaxSession time.Duration `yaml:"max_session,omitempty"` // an hour when zero
	// WebIdentity are the providers whose tokens it trusts; one statement of them is enough.
	WebIdentity []WebIdentity `yaml:"web_identity,omitempty"`
}

// OIDCProvider is an OpenID Connect provider, such as a GitLab.
type OIDCProvider struct {
	URL       string   `yaml:"url"`       // iss of its tokens: https://gitlab.example.com
	Audiences []string `yaml:"audiences"` // aud of tokens that are meant for AWS
	// JWKS is its set of JSON Web Keys. Without, amiship sandbox token makes its tokens.
	JWKS string `yaml:"jwks,omitempty"`
}

// WebIdentity are conditions for tokens of a provider; * and ? in patterns are as in IAM's
// StringLike.
type WebIdentity struct {
	Provider  string   `yaml:"provider"`            // its url
	Subjects  []string `yaml:"subjects,omitempty"`  // patterns of sub; any when empty
	Audiences []string `yaml:"audiences,omitempty"` // patterns of aud; any of the provider's when empty
}

// readWorld reads the file strictly: what it does not know is an error with
// line and column.
func readWorld(path string) (World, error) {
	var w World
	if path == "" {
		return w, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return w, fmt.Errorf("read the world: %w", err)
	}
	defer f.Close()
	if err := strictly(f, &w); err != nil {
		return w, fmt.Errorf("read the world %s:\n%s", path, yaml.FormatError(err, false, true))
	}
	if err := w.readPolicies(filepath.Dir(path)); err != nil {
		return w, fmt.Errorf("read the world %s: %w", path, err)
	}
	w = w.resolve()
	return w, w.check()
}

func strictly(r io.Reader, v any) error {
	err := yaml.NewDecoder(r, yaml.Strict()).Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// ReadFaults reads a list of faults, as the section of a world has them.
func ReadFaults(path string) ([]wire.Fault, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the faults: %w", err)
	}
	defer f.Close()
	var list []wire.Fault
	if err := strictly(f, &list); err != nil {
		return nil, fmt.Errorf("read the faults %s:\n%s", path, yaml.FormatError(err, false, true))
	}
	return list, wire.CheckFaults(list)
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	accessKey = regexp.MustCompile(`^A[A-Z]{3}[A-Z0-9]{12,}$`)
)

// check returns all that is wrong with the accounts, and with the words of settings.
func (w World) check() error {
	errs := []error{w.Settings.Marketplace.Check(), w.Settings.EC2.Check(), wire.CheckFaults(w.Faults), w.checkTargets()}
	ids := map[string]string{}
	for _, a := range w.allAccounts() {
		if a.Name == "" || !accountID.MatchString(a.ID) {
			errs = append(errs, fmt.Errorf("world: account %q has the id %q: want a name and twelve digits", a.Name, a.ID))
		}
		if _, err := cloud.FindPartition(a.Partition); err != nil {
			errs = append(errs, fmt.Errorf("world: account %s: %w", a.Name, err))
		}
		if other, taken := ids[a.ID]; taken {
			errs = append(errs, fmt.Errorf("world: accounts %s and %s have the same id %s", other, a.Name, a.ID))
		}
		ids[a.ID] = a.Name
		for _, k := range a.Keys {
			if k.ID != "" && !accessKey.MatchString(k.ID) {
				errs = append(errs, fmt.Errorf("world: account %s: %q is no access key id", a.Name, k.ID))
			}
		}
		errs = append(errs, a.checkProviders())
	}
	return errors.Join(errs...)
}

// checkProviders names what is wrong with the account's providers, and those that its roles
// trust and that it does not have.
func (a Account) checkProviders() error {
	var errs []error
	var urls []string
	for _, p := range a.OIDCProviders {
		urls = append(urls, p.URL)
		if !strings.HasPrefix(p.URL, "https://") || len(p.Audiences) == 0 {
			errs = append(errs, fmt.Errorf("world: account %s: an OIDC provider has a url that begins with https://, and audiences: %q", a.Name, p.URL))
		}
		if p.JWKS == "" {
			continue
		}
		if _, err := sts.ReadKeys(p.JWKS); err != nil {
			errs = append(errs, fmt.Errorf("world: account %s: OIDC provider %s: %w", a.Name, p.URL, err))
		}
	}
	for _, r := range a.Roles {
		for _, w := range r.WebIdentity {
			if !slices.Contains(urls, w.Provider) {
				errs = append(errs, fmt.Errorf("world: account %s: role %s trusts the OIDC provider %q, which the account does not have", a.Name, r.Name, w.Provider))
			}
		}
	}
	return errors.Join(errs...)
}

// checkTargets names the accounts and regions of quotas and parameters that there are not, and
// the patterns that match none.
func (w World) checkTargets() error {
	var errs []error
	var accounts []string
	for _, a := range w.allAccounts() {
		accounts = append(accounts, a.ID)
	}
	has := func(what, kind, name string, names []string) {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("world: %s: the sandbox has no %s %q", what, kind, name))
		}
	}
	place := func(what, account string, regions []string) {
		has(what, "account", account, accounts)
		for _, region := range regions {
			has(what, "region", region, ec2.AllRegions())
		}
		if len(regions) == 0 {
			errs = append(errs, fmt.Errorf("world: %s: it names no regions", what))
		}
	}
	for i, v := range w.Quotas.Values {
		place(fmt.Sprintf("quotas, value %d", i+1), v.Account, v.Regions)
	}
	for _, p := range w.Parameters {
		place("parameter "+p.Name, p.Account, p.Regions)
	}
	for i, o := range w.Quotas.Outcomes {
		if !wire.MatchesAny(o.Account, accounts) || !wire.MatchesAny(o.Region, ec2.AllRegions()) || !quotas.Known(o.Service, o.Code) {
			errs = append(errs, fmt.Errorf("world: quotas, outcome %d: it matches no account, region or quota of the sandbox", i+1))
		}
	}
	return errors.Join(errs...)
}

// allAccounts are the default ones, as far as the world does not replace them,
// and the world's.
func (w World) allAccounts() []Account {
	own := func(d Account) bool {
		return slices.ContainsFunc(w.Accounts, func(a Account) bool { return a.Name == d.Name })
	}
	return append(slices.DeleteFunc(defaultAccounts(), own), w.Accounts...)
}

// id resolves the name of an account; everything else is left as it is.
func (w World) id(account string) string {
	for _, a := range w.allAccounts() {
		if a.Name == account {
			return a.ID
		}
	}
	return account
}

// resolve puts ids in place of names.
func (w World) resolve() World {
	w.Quotas.Values = slices.Clone(w.Quotas.Values)
	for i, v := range w.Quotas.Values {
		w.Quotas.Values[i].Account = w.id(v.Account)
	}
	w.Quotas.Outcomes = slices.Clone(w.Quotas.Outcomes)
	for i, o := range w.Quotas.Outcomes {
		w.Quotas.Outcomes[i].Account = w.id(o.Account)
	}
	w.Parameters = slices.Clone(w.Parameters)
	for i, p := range w.Parameters {
		w.Parameters[i].Account = w.id(p.Account)
	}
	w.Faults = slices.Clone(w.Faults)
	for i, f := range w.Faults {
		w.Faults[i].Account = w.id(f.Account)
	}
	return w
}

// load writes the world into an empty store.
func (w World) load(tx *cloud.Tx) error {
	for _, a := range w.allAccounts() {
		makeAccount(tx, a)
		for _, name := range a.InstanceProfiles {
			profile := iam.Profile{Account: a.ID, Partition: a.partition(), Name: name, Created: tx.Now}
			if slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == name }) {
				profile.Role = name
			}
			iam.PutProfile(tx, profile)
		}
		if err := w.loadRoles(tx, a); err != nil {
			return err
		}
	}
	err := errors.Join(quotas.Load(tx, w.Quotas), ssm.Load(tx, w.Parameters), ec2.Load(tx, w.EC2))
	if err != nil {
		return err
	}
	return marketplace.Load(tx, w.Marketplace, w.Settings.Marketplace)
}

// loadRoles writes the roles of an account, and the providers that they trust.
func (w World) loadRoles(tx *cloud.Tx, a Account) error {
	for _, p := range a.OIDCProviders {
		provider := sts.Provider{Account: a.ID, Partition: a.partition(), URL: p.URL, Audiences: p.Audiences}
		if p.JWKS != "" {
			provider.Keys, _ = sts.ReadKeys(p.JWKS) // check has read them
		}
		if err := sts.PutProvider(tx, provider); err != nil {
			return err
		}
	}
	for _, r := range a.Roles {
		role := sts.Role{Account: a.ID, Partition: a.partition(), Name: r.Name, ExternalID: r.ExternalID, Deny: r.Deny, Policies: policies(r.Policies), MaxSession: r.MaxSession}
		for _, t := range r.Trust {
			role.Trusted = append(role.Trusted, w.id(t))
		}
		for _, f := range r.WebIdentity {
			role.Federated = append(role.Federated, sts.Federated(f))
		}
		sts.PutRole(tx, role)
	}
	return nil
}

// Regions are the names of all regions, each with the partition that it is in. The first of a
// partition is that of who names none.
func Regions() (names []string, partition func(region string) string) {
	return ec2.AllRegions(), func(region string) string { return cloud.PartitionOf(region).String() }
}
