package ec2

import (
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// launchTemplate is a request for instances that is kept. It has one version.
type launchTemplate struct {
	ID, Account, Name, By string
	Created               time.Time
	Data                  launchIn
}

// launchTemplates by id, in partition region.
var launchTemplates = cloud.NewTable[launchTemplate]("ec2.launch-templates")

type xmlLaunchTemplate struct {
	ID       string            `xml:"launchTemplateId"`
	Name     string            `xml:"launchTemplateName"`
	Created  wire.Time         `xml:"createTime"`
	By       string            `xml:"createdBy"`
	Default  int               `xml:"defaultVersionNumber"`
	Latest   int               `xml:"latestVersionNumber"`
	Tags     wire.List[xmlTag] `xml:"tagSet,omitempty"`
	Operator xmlOperator       `xml:"operator"`
}

type launchTemplateOut struct {
	Template xmlLaunchTemplate `xml:"launchTemplate"`
}

func (t launchTemplate) out(c *wire.Call) *launchTemplateOut {
	return &launchTemplateOut{xmlLaunchTemplate{
		ID: t.ID, Name: t.Name, Created: wire.Time(t.Created), By: t.By, Default: 1, Latest: 1,
		Tags: tagList(TagsOf(c.Tx, c.Region, t.Account, t.ID)),
	}}
}

type createTemplateIn struct {
	dry
	ClientToken        string
	LaunchTemplateName string
	VersionDescription string
	Data               launchIn  `wire:"LaunchTemplateData"`
	TagSpecs           []tagSpec `wire:"TagSpecification"`
}

// createLaunchTemplate checks names alone, as AWS does: what is wrong with the data shows
// when it is launched.
func (o instanceOps) createLaunchTemplate(c *wire.Call, in *createTemplateIn) (*launchTemplateOut, error) {
	if made, err := replay(c, in.ClientToken, in); err != nil || len(made) > 0 {
		t, _ := launchTemplates.Get(c.Tx, c.Region, slices.Concat(made, []string{""})[0])
		return t.out(c), err
	}
	if len(in.LaunchTemplateName) < 3 || len(in.LaunchTemplateName) > 128 {
		return nil, wire.Errorf("InvalidLaunchTemplateName.MalformedException", "The launch template name must be between 3 and 128 characters.")
	}
	tags, err := specTags(in.TagSpecs, "launch-template")
	if err != nil {
		return nil, err
	}
	if _, exists := findTemplate(c, "", in.LaunchTemplateName); exists {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	t := launchTemplate{ID: newID("lt"), Account: c.Account.ID, Name: in.LaunchTemplateName, By: c.Credential.Principal, Created: c.Now, Data: in.Data}
	launchTemplates.Put(c.Tx, c.Region, t.ID, t)
	putTags(c.Tx, c.Region, t.Account, "launch-template", t.ID, tags["launch-template"])
	o.remember(c, in.ClientToken, in, t.ID)
	return t.out(c), nil
}

func findTemplate(c *wire.Call, id, name string) (launchTemplate, bool) {
	for _, t := range launchTemplates.All(c.Tx, c.Region) {
		if t.Account == c.Account.ID && (t.ID == id || id == "" && t.Name == name) {
			return t, true
		}
	}
	return launchTemplate{}, false
}

// ownTemplate is the template that a request means by id or by name.
func ownTemplate(c *wire.Call, id, name string) (launchTemplate, error) {
	t, found := findTemplate(c, id, name)
	switch {
	case (id == "") == (name == ""):
		return t, wire.Errorf("MissingParameter", "Either a launch template ID or a launch template name must be specified in the request.")
	case !found && id != "":
		return t, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	case !found:
		return t, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
	}
	return t, nil
}

type deleteTemplateIn struct {
	dry
	ID   string `wire:"LaunchTemplateId"`
	Name string `wire:"LaunchTemplateName"`
}

func (o instanceOps) deleteLaunchTemplate(c *wire.Call, in *deleteTemplateIn) (*launchTemplateOut, error) {
	t, err := ownTemplate(c, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	out := t.out(c)
	launchTemplates.Delete(c.Tx, c.Region, t.ID)
	dropTags(c.Tx, c.Region, t.Account, t.ID)
	return out, nil
}
