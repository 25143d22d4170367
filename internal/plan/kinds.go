package plan

import (
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Kind is what a step does.
type Kind string

// The kinds of steps. The table kinds describes them.
const (
	Raise           Kind = "raise"
	Allow           Kind = "allow"
	AllowSnapshots  Kind = "allow-snapshots"
	Unclaim         Kind = "unclaim"
	Discard         Kind = "discard"
	Claim           Kind = "claim"
	Build           Kind = "build"
	Adopt           Kind = "adopt"
	IMDS            Kind = "imds"
	Test            Kind = "test"
	Copy            Kind = "copy"
	Share           Kind = "share"
	Gate            Kind = "gate"
	PublishSnapshot Kind = "publish-snapshot"
	Publish         Kind = "publish"
	Parameter       Kind = "parameter"
	Cancel          Kind = "cancel"
	Order           Kind = "order"
	Validate        Kind = "validate"
	ChangeSet       Kind = "changeset"
	Restrict        Kind = "restrict"
	Withdraw        Kind = "withdraw"
	Close           Kind = "close"
	Waive           Kind = "waive"
	Record          Kind = "record"
	Deprecate       Kind = "deprecate"
	Demote          Kind = "demote"
	Disable         Kind = "disable"
	DeleteParameter Kind = "delete-parameter"
	Remove          Kind = "remove"
	DeleteSnapshot  Kind = "delete-snapshot"
	ReportUsage     Kind = "report-usage"
	DeleteReport    Kind = "delete-report"
)

// Change is what an action does: each kind has a type with what it needs.
type Change interface {
	Kind() Kind
}

type (
	// RaiseQuota requests a quota, by its code.
	RaiseQuota struct {
		Quota string `json:"quota"`
		Limit int    `json:"limit"`
	}

	// AllowPublic switches off block public access for AMIs.
	AllowPublic struct{}

	// UnblockSnapshots switches off block public access for snapshots.
	UnblockSnapshots struct{}

	// EndClaim ends a claim, by its name and its security group.
	EndClaim struct {
		Claim string `json:"claim"`
		Group string `json:"group"`
		Own   bool   `json:"own,omitempty"` // it is this run's
		Tags  `json:"tags,omitempty"`
	}

	// DiscardImage deregisters an AMI that failed.
	DiscardImage struct{ Image }

	// TakeClaim claims a build or a boot test.
	TakeClaim struct {
		Claim string `json:"claim,omitempty"`
		Tags  `json:"tags,omitempty"`
	}

	// BuildCandidate has Packer make a candidate; its AMI is known once it is there.
	BuildCandidate struct {
		Image
		Package string `json:"package,omitempty"` // path of its file
		Base    string `json:"base,omitempty"`    // AMI that the build starts from
		Device  string `json:"device,omitempty"`  // its root device
		Tags    `json:"tags,omitempty"`
	}

	// AdoptImage writes the tags of an AMI that lacks them.
	AdoptImage struct {
		Image
		Own  bool `json:"own,omitempty"` // its claim is this run's, which is stopping
		Tags `json:"tags,omitempty"`
	}

	// RequireIMDS has instances of an AMI answer one version of IMDS only: "v2.0".
	RequireIMDS struct {
		Image
		Support string `json:"support"`
	}

	// BootTest boots a candidate under a claim.
	BootTest struct {
		Image
		Claim string `json:"claim,omitempty"`
		Tags  `json:"tags,omitempty"`
	}

	// CopyImage copies an AMI to the region of its target; its AMI is the copy, once it is
	// there.
	CopyImage struct {
		Image
		From  Source `json:"from,omitzero"`
		Token string `json:"token,omitempty"` // the same for the same copy
		Again bool   `json:"again,omitempty"` // AMI is a copy that AWS does not end: it is deregistered first
		Tags  `json:"tags,omitempty"`
	}

	// ShareImage shares an AMI and its snapshots with the accounts that can't use it yet, and
	// the AMI with organizations and units, by their ARNs.
	ShareImage struct {
		Image
		Accounts      []string `json:"accounts,omitempty"`
		Organizations []string `json:"organizations,omitempty"`
	}

	// OpenGate is done by no one: the gate opens when what it waits for is done.
	OpenGate struct{}

	// PublishSnapshots makes the snapshots of an AMI public.
	PublishSnapshots struct{ Image }

	// PublishImage makes an AMI public.
	PublishImage struct{ Image }

	// PutParameter sets an SSM parameter to the id of an AMI.
	PutParameter struct {
		Name  string `json:"name"`
		Value string `json:"value,omitempty"`
	}

	// CancelChangeSet cancels a change set; AMI is the one that the cancellation is recorded on.
	CancelChangeSet struct {
		Image
		ChangeSet string `json:"change_set"`
		SetName   string `json:"set_name"`
	}

	// AwaitTurn records on a candidate since when its release is in line behind older ones of
	// a listing; then it waits for them.
	AwaitTurn struct {
		Image
		Tags `json:"tags,omitempty"`
	}

	// SubmitChangeSet submits a change set to a listing: For is ChangeSet, Validate or Restrict.
	SubmitChangeSet struct {
		Image          // that backs the version
		For     Kind   `json:"-"`
		Title   string `json:"title,omitempty"`   // of the version that it adds
		Version string `json:"version,omitempty"` // its id, once it is there
		SetName string `json:"set_name,omitempty"`
		Token   string `json:"token,omitempty"` // the same for the same change set
		// Details are those of the addition, in JSON; empty: it adds nothing.
		Details string   `json:"details,omitempty"`
		Options []string `json:"options,omitempty"` // delivery options that it restricts
		Tags    `json:"tags,omitempty"`
	}

	// WithdrawImage marks an AMI as withdrawn.
	WithdrawImage struct {
		Image
		Tags `json:"tags,omitempty"`
	}

	// CloseImage revokes every permission of an AMI and its snapshots.
	CloseImage struct{ Image }

	// RecordWaiver writes waivers on a candidate.
	RecordWaiver struct {
		Image
		Waivers string `json:"waivers,omitempty"` // empty: none
		Tags    `json:"tags,omitempty"`
	}

	// RecordPolicy writes the retention policy on an AMI.
	RecordPolicy struct {
		Image
		Tags `json:"tags,omitempty"`
	}

	// DeprecateImage sets the date from which an AMI is deprecated.
	DeprecateImage struct {
		Image
		At   time.Time `json:"at,omitzero"`
		Tags `json:"tags,omitempty"`
	}

	// DemoteImage makes an AMI private; with tags also to the accounts that could launch it.
	DemoteImage struct {
		Image
		Tags `json:"tags,omitempty"`
	}

	// DisableImage disables an AMI.
	DisableImage struct {
		Image
		Tags `json:"tags,omitempty"`
	}

	// RemoveParameter deletes an SSM parameter that holds an AMI, which is deregistered next.
	RemoveParameter struct {
		Image
		Parameter string `json:"parameter"`
	}

	// RemoveImage deregisters an AMI and deletes its snapshots.
	RemoveImage struct{ Image }

	// DeleteSnapshots deletes snapshots of an AMI that is deregistered.
	DeleteSnapshots struct{ Image }

	// CreateUsageReport has AWS report which other accounts use an AMI; Report is its id, once
	// this run has made it.
	CreateUsageReport struct {
		Image
		Report string `json:"report,omitempty"`
		Token  string `json:"token,omitempty"` // the same for the same report
		Tags   `json:"tags,omitempty"`
	}

	// DeleteUsageReport deletes a usage report of an AMI.
	DeleteUsageReport struct {
		Image
		Report string `json:"report"`
	}
)

func (RaiseQuota) Kind() Kind        { return Raise }
func (AllowPublic) Kind() Kind       { return Allow }
func (UnblockSnapshots) Kind() Kind  { return AllowSnapshots }
func (EndClaim) Kind() Kind          { return Unclaim }
func (DiscardImage) Kind() Kind      { return Discard }
func (TakeClaim) Kind() Kind         { return Claim }
func (BuildCandidate) Kind() Kind    { return Build }
func (AdoptImage) Kind() Kind        { return Adopt }
func (RequireIMDS) Kind() Kind       { return IMDS }
func (BootTest) Kind() Kind          { return Test }
func (CopyImage) Kind() Kind         { return Copy }
func (ShareImage) Kind() Kind        { return Share }
func (OpenGate) Kind() Kind          { return Gate }
func (PublishSnapshots) Kind() Kind  { return PublishSnapshot }
func (PublishImage) Kind() Kind      { return Publish }
func (PutParameter) Kind() Kind      { return Parameter }
func (CancelChangeSet) Kind() Kind   { return Cancel }
func (c SubmitChangeSet) Kind() Kind { return c.For }
func (AwaitTurn) Kind() Kind         { return Order }
func (WithdrawImage) Kind() Kind     { return Withdraw }
func (CloseImage) Kind() Kind        { return Close }
func (RecordWaiver) Kind() Kind      { return Waive }
func (RecordPolicy) Kind() Kind      { return Record }
func (DeprecateImage) Kind() Kind    { return Deprecate }
func (DemoteImage) Kind() Kind       { return Demote }
func (DisableImage) Kind() Kind      { return Disable }
func (RemoveParameter) Kind() Kind   { return DeleteParameter }
func (RemoveImage) Kind() Kind       { return Remove }
func (DeleteSnapshots) Kind() Kind   { return DeleteSnapshot }
func (CreateUsageReport) Kind() Kind { return ReportUsage }
func (DeleteUsageReport) Kind() Kind { return DeleteReport }

// effect is what a run remembers of a step that has ended, because AWS may not show it yet.
type effect int

const (
	changes effect = iota // that it changed something that exists
	makes                 // the AMI that it made
	claimed               // the group of the claim that it took
	submits               // the change set that it submitted
	sets                  // the value of a parameter
	ends                  // that a claim is gone
	removes               // that an AMI is gone
)

// display is how reports and progress treat steps of a kind.
type display int

const (
	ofRelease    display = iota
	ofRegion             // a region of a release is complete when these are done
	housekeeping         // not counted in the totals of a patch day
)

// spec is everything there is to know of a kind, besides when a step of it is due (the
// decisions of this package) and how it is done (package apply).
type spec struct {
	kind    Kind
	change  Change                                      // of which type its changes are
	does    string                                      // in words
	until   Until                                       // the first --until that includes it
	passive bool                                        // it holds others, and nothing is done about it itself
	machine bool                                        // takes minutes and an instance: counts against --builds
	effect  effect                                      // what a run remembers of it
	affects func(Action, release.Desired) []world.Query // the facts to read again once it has ended
	iam     []string                                    // IAM actions that it needs, besides those that only read; without them its steps are held
	display display
}

// kinds describes them, in the order in which a release goes through them.
var kinds = []spec{
	{kind: Raise, change: RaiseQuota{}, does: "request a higher quota of public AMIs", until: UntilPublic, affects: limits, iam: []string{"servicequotas:RequestServiceQuotaIncrease"}},
	{kind: Allow, change: AllowPublic{}, does: "switch off block public access for AMIs", until: UntilPublic, affects: limits, iam: []string{"ec2:DisableImageBlockPublicAccess"}},
	{
		kind: AllowSnapshots, change: UnblockSnapshots{}, does: "switch off block public access for snapshots", until: UntilPublic, affects: limits,
		iam: []string{"ec2:DisableSnapshotBlockPublicAccess"},
	},
	{
		kind: Unclaim, change: EndClaim{}, does: "end a claim, with what an interrupted run left under it", until: UntilBuilt, effect: ends, affects: claims, display: housekeeping,
		iam: []string{"ec2:TerminateInstances", "ec2:DeleteVolume", "ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup"},
	},
	{kind: Discard, change: DiscardImage{}, does: "deregister an AMI that failed", until: UntilBuilt, effect: removes, affects: named, iam: deregisters},
	{
		kind: Claim, change: TakeClaim{}, does: "claim a build or a boot test for this run", until: UntilBuilt, effect: claimed, affects: claimsAndImages, display: housekeeping,
		iam: claiming,
	},
	{
		kind: Build, change: BuildCandidate{}, does: "build the candidate with Packer", until: UntilBuilt, machine: true, effect: makes, affects: named,
		iam: []string{"ec2:RunInstances", "ec2:StopInstances", "ec2:TerminateInstances", "ec2:ModifyInstanceAttribute", "ec2:CreateImage", "ec2:CreateTags"},
	},
	{kind: Adopt, change: AdoptImage{}, does: "complete the tags of a candidate that an interrupted run built", until: UntilBuilt, affects: named, iam: []string{"ec2:CreateTags"}},
	{kind: IMDS, change: RequireIMDS{}, does: "make an AMI require IMDSv2", until: UntilTested, affects: images, iam: []string{"ec2:ModifyImageAttribute"}},
	{
		kind: Test, change: BootTest{}, does: "boot the candidate and run the catalog's checks", until: UntilTested, machine: true, effect: makes, affects: images,
		iam: append([]string{"ec2:RunInstances", "ec2:StopInstances", "ec2:StartInstances", "ec2:TerminateInstances"}, claiming...),
	},
	{
		kind: Copy, change: CopyImage{}, does: "copy the candidate to a region under its public name", until: UntilShared, effect: makes, affects: images, display: ofRegion,
		iam: []string{"ec2:CopyImage", "ec2:CreateTags"},
	},
	{
		kind: Share, change: ShareImage{}, does: "share an AMI and its snapshots with accounts, and the AMI with organizations", until: UntilShared, affects: Sharing, display: ofRegion,
		iam: accessChanges,
	},
	{kind: Gate, change: OpenGate{}, does: "hold what customers see until every required AMI is ready", until: UntilPublic, passive: true, display: housekeeping},
	{
		kind: PublishSnapshot, change: PublishSnapshots{}, does: "make the snapshots of an AMI public", until: UntilPublic, affects: restorable, display: ofRegion,
		iam: []string{"ec2:ModifySnapshotAttribute", "ec2:CreateTags"},
	},
	{kind: Publish, change: PublishImage{}, does: "make an AMI public", until: UntilPublic, affects: images, display: ofRegion, iam: []string{"ec2:ModifyImageAttribute", "ec2:CreateTags"}},
	{
		kind: Parameter, change: PutParameter{}, does: "point an SSM parameter at an AMI", until: UntilPublic, effect: sets, affects: params, display: ofRegion,
		iam: []string{"ssm:PutParameter"},
	},
	{
		kind: Cancel, change: CancelChangeSet{}, does: "cancel a pending change set that this release did not submit", until: UntilListed, affects: product,
		iam: []string{"aws-marketplace:CancelChangeSet"},
	},
	{kind: Order, change: AwaitTurn{}, does: "wait for older releases, so that a listing gets versions in their order", until: UntilListed, affects: images, iam: []string{"ec2:CreateTags"}},
	{kind: Validate, change: SubmitChangeSet{For: Validate}, does: "have Marketplace validate a version without adding it", until: UntilListed, effect: submits, affects: product, iam: submitting},
	{kind: ChangeSet, change: SubmitChangeSet{For: ChangeSet}, does: "add a version to a listing", until: UntilListed, effect: submits, affects: product, iam: submitting},
	{kind: Restrict, change: SubmitChangeSet{For: Restrict}, does: "restrict versions of a listing", until: UntilListed, effect: submits, affects: product, iam: submitting},
	{kind: Withdraw, change: WithdrawImage{}, does: "mark an AMI as withdrawn", until: UntilPublic, affects: imagesAndAccess, iam: []string{"ec2:CreateTags"}},
	{
		kind: Close, change: CloseImage{}, does: "revoke every launch permission", until: UntilPublic, affects: imagesAndAccess,
		iam: accessChanges,
	},
	{kind: Waive, change: RecordWaiver{}, does: "record on a candidate which required regions its release may skip", until: UntilPublic, affects: images, iam: []string{"ec2:CreateTags"}},
	{kind: Record, change: RecordPolicy{}, does: "record the retention policy on the newest AMI that it keeps", until: UntilPublic, affects: images, iam: []string{"ec2:CreateTags"}},
	{kind: Deprecate, change: DeprecateImage{}, does: "set the deprecation date of an AMI", until: UntilPublic, affects: images, iam: []string{"ec2:EnableImageDeprecation", "ec2:CreateTags"}},
	{kind: Demote, change: DemoteImage{}, does: "make an AMI private", until: UntilPublic, affects: named, iam: accessChanges},
	{kind: Disable, change: DisableImage{}, does: "disable an AMI", until: UntilPublic, affects: images, iam: []string{"ec2:DisableImage", "ec2:ModifySnapshotAttribute", "ec2:CreateTags"}},
	{
		kind: DeleteParameter, change: RemoveParameter{}, does: "delete an SSM parameter that points at an AMI to be deregistered", until: UntilPublic, affects: paramsAndNames,
		iam: []string{"ssm:DeleteParameter"},
	},
	{kind: Remove, change: RemoveImage{}, does: "deregister an AMI and delete its snapshots", until: UntilPublic, effect: removes, affects: named, iam: deregisters},
	{
		kind: DeleteSnapshot, change: DeleteSnapshots{}, does: "delete a snapshot that was left when its AMI was deregistered", until: UntilPublic, affects: snapshots,
		iam: []string{"ec2:DeleteSnapshot"},
	},
	{
		kind: ReportUsage, change: CreateUsageReport{}, does: "have AWS report which other accounts use an AMI", until: UntilPublic, affects: usage, display: housekeeping,
		iam: []string{"ec2:CreateImageUsageReport", "ec2:CreateTags"},
	},
	{
		kind: DeleteReport, change: DeleteUsageReport{}, does: "delete a usage report", until: UntilPublic, affects: usage, display: housekeeping,
		iam: []string{"ec2:DeleteImageUsageReport"},
	},
}

var (
	claiming      = []string{"ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateKeyPair", "ec2:CreateTags", "ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup"}
	accessChanges = []string{"ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute", "ec2:CreateTags"} // of AMIs and their snapshots
	deregisters   = []string{"ec2:DeregisterImage", "ec2:DeleteSnapshot"}
	submitting    = []string{"aws-marketplace:StartChangeSet"}
)
