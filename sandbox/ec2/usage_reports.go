package ec2

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// usageReport says which other accounts use an image, and how often
// (docs/reference/aws.md#image-usage-reports). What it says is that of its creation.
type usageReport struct {
	ID, Account, Image string
	Types              []resourceTypeIn // as requested
	Accounts           []string         `json:",omitempty"` // as requested; none: all
	Created, Due       time.Time
	Instances          map[string]int `json:",omitempty"` // by account
	Templates          map[string]int `json:",omitempty"` // launch templates, by account
}

// usageReports by id, in partition region.
var usageReports = cloud.NewTable[usageReport]("ec2.usage-reports")

// reportLife is how long a report is kept.
const reportLife = 30 * 24 * time.Hour

// mostPendingReports is how many reports of an account may be pending in a region. Of an image
// it is one.
const mostPendingReports = 2000

type createReportIn struct {
	dry
	ImageID       string           `wire:"ImageId"`
	ResourceTypes []resourceTypeIn `wire:"ResourceType"`
	AccountIDs    []string         `wire:"AccountId"`
	ClientToken   string
	TagSpecs      []tagSpec `wire:"TagSpecification"`
}

type createReportOut struct {
	ReportID string `xml:"reportId"`
}

func (o imageOps) createReport(c *wire.Call, in *createReportIn) (*createReportOut, error) {
	if made, err := replay(c, in.ClientToken, in); made != nil || err != nil {
		return &createReportOut{cmp.Or(made...)}, err
	}
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if len(in.ResourceTypes) == 0 {
		return nil, missingParameter("ResourceType")
	}
	types := []string{refInstance, refTemplate}
	if err := cmp.Or(checkResourceTypes(in.ResourceTypes, types, map[string]string{"version-depth": refTemplate}), checkOwners(c, in.AccountIDs)); err != nil {
		return nil, err
	}
	tags, err := specTags(in.TagSpecs, "image-usage-report")
	if err != nil {
		return nil, err
	}
	if err := checkPending(c, im.ID); err != nil {
		return nil, err
	}
	r := usageReport{
		ID: newID("amiur"), Account: c.Account.ID, Image: im.ID, Types: in.ResourceTypes, Accounts: in.AccountIDs,
		Created: c.Now, Due: c.Due(o.set.UsageReport), Instances: o.users(c, im, in), Templates: o.templateUsers(c, im, in),
	}
	usageReports.Put(c.Tx, c.Region, r.ID, r)
	putTags(c.Tx, c.Region, r.Account, "image-usage-report", r.ID, tags["image-usage-report"])
	o.remember(c, in.ClientToken, in, r.ID)
	return &createReportOut{r.ID}, nil
}

// codeReportPending refuses one more report while as many are pending as may be [?].
const codeReportPending = "ResourceLimitExceeded"

// checkPending refuses a report of an image that has a pending one, or of an account that has too many.
func checkPending(c *wire.Call, image string) error {
	pending := 0
	for _, r := range usageReports.All(c.Tx, c.Region) {
		if r.Account != c.Account.ID || r.state(c.Now) != imagePending {
			continue
		}
		if r.Image == image {
			return wire.Errorf(codeReportPending, "A usage report of the image %s is in progress: %s.", image, r.ID)
		}
		pending++
	}
	if pending >= mostPendingReports {
		return wire.Errorf(codeReportPending, "%d image usage reports are in progress. The maximum is %d.", pending, mostPendingReports)
	}
	return nil
}

func (in *createReportIn) wants(kind string) bool {
	return slices.ContainsFunc(in.ResourceTypes, func(r resourceTypeIn) bool { return r.ResourceType == kind })
}

func (in *createReportIn) leaves(account string) bool {
	return len(in.AccountIDs) > 0 && !slices.Contains(in.AccountIDs, account)
}

// templateUsers counts the launch templates of other accounts.
func (o imageOps) templateUsers(c *wire.Call, im Image, in *createReportIn) map[string]int {
	out := map[string]int{}
	for _, t := range launchTemplates.All(c.Tx, c.Region) {
		if in.wants(refTemplate) && t.Data.ImageID == im.ID && t.Account != im.Owner && !in.leaves(t.Account) {
			out[t.Account]++
		}
	}
	return out
}

// users counts the instances of other accounts, those of the world and those that were
// launched long enough ago.
func (o imageOps) users(c *wire.Call, im Image, in *createReportIn) map[string]int {
	out := map[string]int{}
	if !in.wants(refInstance) {
		return out
	}
	maps.Copy(out, im.UsedBy)
	for _, inst := range instanceIndex.All(c.Tx, c.Region, wordImage+im.ID) {
		if inst.Account != im.Owner && inst.State != stateTerminated && !c.Now.Before(inst.Created.Add(o.set.LaunchDelay)) {
			out[inst.Account]++
		}
	}
	maps.DeleteFunc(out, func(account string, _ int) bool { return in.leaves(account) })
	return out
}

func (r usageReport) state(now time.Time) string {
	if now.Before(r.Due) {
		return imagePending
	}
	return imageAvailable
}

func (r usageReport) over(now time.Time) bool { return !now.Before(r.Created.Add(reportLife)) }

// findReport returns one of the account's reports.
func findReport(c *wire.Call, id string) (usageReport, bool) {
	r, found := usageReports.Get(c.Tx, c.Region, id)
	return r, found && r.Account == c.Account.ID && !r.over(c.Now)
}

func reportNotFound(ids ...string) error {
	return notFound("InvalidImageUsageReportId.NotFound", "image usage report ID", ids, "")
}

type describeReportsIn struct {
	dry
	paging
	ImageIDs  []string `wire:"ImageId"`
	ReportIDs []string `wire:"ReportId"`
	Filters   []filter `wire:"Filter"`
}

// reports are those that a request means, by id.
func (in *describeReportsIn) reports(c *wire.Call) ([]usageReport, error) {
	find := func(id string) (usageReport, bool, error) {
		r, found := findReport(c, id)
		return r, found, nil
	}
	all, err := named(in.ReportIDs, reportNotFound, find)
	if err != nil {
		return nil, err
	}
	if len(in.ReportIDs) == 0 {
		for id := range usageReports.All(c.Tx, c.Region) {
			if r, found := findReport(c, id); found {
				all = append(all, r)
			}
		}
	}
	return slices.DeleteFunc(all, func(r usageReport) bool {
		return len(in.ImageIDs) > 0 && !slices.Contains(in.ImageIDs, r.Image)
	}), nil
}

type xmlTypeOption struct {
	Name   string            `xml:"optionName"`
	Values wire.List[string] `xml:"optionValueSet"`
}

type xmlReportType struct {
	Type    string                   `xml:"resourceType"`
	Options wire.List[xmlTypeOption] `xml:"resourceTypeOptionSet,omitempty"`
}

type xmlReport struct {
	ImageID    string                   `xml:"imageId"`
	ReportID   string                   `xml:"reportId"`
	Types      wire.List[xmlReportType] `xml:"resourceTypeSet"`
	AccountIDs wire.List[string]        `xml:"accountIdSet,omitempty"`
	State      string                   `xml:"state"`
	Created    wire.Time                `xml:"creationTime"`
	Expires    wire.Time                `xml:"expirationTime"`
	Tags       wire.List[xmlTag]        `xml:"tagSet,omitempty"`
	tags       map[string]string
}

type describeReportsOut struct {
	NextToken string               `xml:"nextToken,omitempty"`
	Reports   wire.List[xmlReport] `xml:"imageUsageReportSet"`
}

var reportFilters = filters[xmlReport]{
	by: map[string]func(xmlReport) []string{
		"creation-time": func(r xmlReport) []string { return one(wire.FormatTime(time.Time(r.Created))) },
		"state":         func(r xmlReport) []string { return one(r.State) },
	},
	tags: func(r xmlReport) map[string]string { return r.tags },
}

func (o imageOps) describeReports(c *wire.Call, in *describeReportsIn) (*describeReportsOut, error) {
	found, err := in.reports(c)
	if err != nil {
		return nil, err
	}
	var all []xmlReport
	for _, r := range found {
		all = append(all, r.xml(c))
	}
	if all, err = reportFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	all, next, err := page(c, in.paging, 1, all, func(r xmlReport) string { return r.ReportID })
	return &describeReportsOut{next, all}, err
}

func (r usageReport) xml(c *wire.Call) xmlReport {
	tags := TagsOf(c.Tx, c.Region, c.Account.ID, r.ID)
	x := xmlReport{
		ImageID: r.Image, ReportID: r.ID, AccountIDs: r.Accounts, State: r.state(c.Now), Created: wire.Time(r.Created),
		Expires: wire.Time(r.Created.Add(reportLife)), Tags: tagList(tags), tags: tags,
	}
	for _, t := range r.Types {
		kind := xmlReportType{Type: t.ResourceType}
		for _, o := range t.Options {
			kind.Options = append(kind.Options, xmlTypeOption{o.Name, o.Values})
		}
		x.Types = append(x.Types, kind)
	}
	return x
}

type xmlReportEntry struct {
	Type      string    `xml:"resourceType"`
	ReportID  string    `xml:"reportId"`
	Count     int       `xml:"usageCount"`
	AccountID string    `xml:"accountId"`
	ImageID   string    `xml:"imageId"`
	Created   wire.Time `xml:"reportCreationTime"`
}

type reportEntriesOut struct {
	NextToken string                    `xml:"nextToken,omitempty"`
	Entries   wire.List[xmlReportEntry] `xml:"imageUsageReportEntrySet"`
}

var entryFilters = filters[xmlReportEntry]{by: map[string]func(xmlReportEntry) []string{
	"account-id":    func(e xmlReportEntry) []string { return one(e.AccountID) },
	"creation-time": func(e xmlReportEntry) []string { return one(wire.FormatTime(time.Time(e.Created))) },
	"resource-type": func(e xmlReportEntry) []string { return one(e.Type) },
}}

// describeReportEntries: a report that is pending has none yet.
func (o imageOps) describeReportEntries(c *wire.Call, in *describeReportsIn) (*reportEntriesOut, error) {
	found, err := in.reports(c)
	if err != nil {
		return nil, err
	}
	var all []xmlReportEntry
	for _, r := range found {
		if r.state(c.Now) != imageAvailable {
			continue
		}
		for _, of := range []struct {
			kind     string
			accounts map[string]int
		}{{refInstance, r.Instances}, {refTemplate, r.Templates}} {
			for _, account := range slices.Sorted(maps.Keys(of.accounts)) {
				all = append(all, xmlReportEntry{of.kind, r.ID, of.accounts[account], account, r.Image, wire.Time(r.Created)})
			}
		}
	}
	if all, err = entryFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	all, next, err := page(c, in.paging, 1, all, func(e xmlReportEntry) string { return e.ReportID + e.Type + e.AccountID })
	return &reportEntriesOut{next, all}, err
}

type deleteReportIn struct {
	dry
	ReportID string `wire:"ReportId"`
}

func (o imageOps) deleteReport(c *wire.Call, in *deleteReportIn) (*done, error) {
	if in.ReportID == "" {
		return nil, missingParameter("ReportId")
	}
	r, found := findReport(c, in.ReportID)
	if !found {
		return nil, reportNotFound(in.ReportID)
	}
	usageReports.Delete(c.Tx, c.Region, r.ID)
	dropTags(c.Tx, c.Region, r.Account, r.ID)
	return ok()
}
