package ec2

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"amiship/sandbox/wire"
)

// need is a resource of an action, by its kind and the member of the input that names it; ""
// is one that the call makes.
type need struct{ kind, member string }

// needs are the resources of actions, as the Service Authorization Reference lists them, of those
// that the sandbox knows. An action that is not here takes none.
var needs = map[string][]need{
	"RunInstances": {
		{"image", "ImageId"},
		{"instance", ""},
		{"volume", ""},
		{"network-interface", ""},
		{"key-pair", "KeyName"},
		{"security-group", "SecurityGroupId"},
		{"subnet", "SubnetId"},
	},
	"CreateImage":                          {{"instance", "InstanceId"}, {"image", ""}, {"snapshot", ""}},
	"CopyImage":                            {{"image", ""}, {"snapshot", ""}},
	"RegisterImage":                        {{"image", ""}},
	"DeregisterImage":                      {{"image", "ImageId"}},
	"ModifyImageAttribute":                 {{"image", "ImageId"}},
	"ResetImageAttribute":                  {{"image", "ImageId"}},
	"DescribeImageAttribute":               {{"image", "ImageId"}},
	"EnableImageDeprecation":               {{"image", "ImageId"}},
	"DisableImageDeprecation":              {{"image", "ImageId"}},
	"EnableImage":                          {{"image", "ImageId"}},
	"DisableImage":                         {{"image", "ImageId"}},
	"EnableImageDeregistrationProtection":  {{"image", "ImageId"}},
	"DisableImageDeregistrationProtection": {{"image", "ImageId"}},
	"RestoreImageFromRecycleBin":           {{"image", "ImageId"}},
	"CreateImageUsageReport":               {{"image", "ImageId"}, {"image-usage-report", ""}},
	"DeleteImageUsageReport":               {{"image-usage-report", "ReportId"}},
	"CreateSnapshot":                       {{"volume", "VolumeId"}, {"snapshot", ""}},
	"CopySnapshot":                         {{"snapshot", ""}},
	"ModifySnapshotAttribute":              {{"snapshot", "SnapshotId"}},
	"DescribeSnapshotAttribute":            {{"snapshot", "SnapshotId"}},
	"DeleteSnapshot":                       {{"snapshot", "SnapshotId"}},
	"CreateVolume":                         {{"volume", ""}},
	"DeleteVolume":                         {{"volume", "VolumeId"}},
	"StartInstances":                       {{"instance", "InstanceId"}},
	"StopInstances":                        {{"instance", "InstanceId"}},
	"RebootInstances":                      {{"instance", "InstanceId"}},
	"TerminateInstances":                   {{"instance", "InstanceId"}},
	"ModifyInstanceAttribute":              {{"instance", "InstanceId"}},
	"ModifyInstanceMetadataOptions":        {{"instance", "InstanceId"}},
	"DescribeInstanceAttribute":            {{"instance", "InstanceId"}},
	"GetConsoleOutput":                     {{"instance", "InstanceId"}},
	"CreateKeyPair":                        {{"key-pair", ""}},
	"ImportKeyPair":                        {{"key-pair", ""}},
	"DeleteKeyPair":                        {{"key-pair", "KeyName"}},
	"CreateSecurityGroup":                  {{"security-group", ""}, {"vpc", "VpcId"}},
	"AuthorizeSecurityGroupIngress":        {{"security-group", "GroupId"}},
	"RevokeSecurityGroupIngress":           {{"security-group", "GroupId"}},
	"DeleteSecurityGroup":                  {{"security-group", "GroupId"}},
	"CreateLaunchTemplate":                 {{"launch-template", ""}},
	"DeleteLaunchTemplate":                 {{"launch-template", "LaunchTemplateId"}},
	"CreateFleet":                          {{"fleet", ""}},
	"ModifySubnetAttribute":                {{"subnet", "SubnetId"}},
}

// asks are what a caller must be allowed to do for a call: its action on each of its resources,
// and CreateTags on those that it makes with tags.
func asks(c *wire.Call, in any) []wire.Asked {
	switch in := in.(type) {
	case *tagsIn:
		return tagAsks(c, in.Resources, wire.RequestTags(valuesOf(in.Tags)))
	case *deleteTagsIn:
		tags := map[string]string{}
		for _, t := range in.Tags {
			tags[t.Key] = ""
		}
		return tagAsks(c, in.Resources, map[string][]string{"aws:TagKeys": slices.Sorted(maps.Keys(tags))}) // only the keys are a condition
	}
	out := []wire.Asked{}
	given := tagsGiven(in)
	for _, n := range needs[c.Action] {
		if n.member == "" {
			tags := given[n.kind]
			made := wire.Asked{Resource: arnOf(c, n.kind, "*"), Context: wire.RequestTags(tags)}
			if n.kind == "instance" {
				put(made.Context, "ec2:InstanceType", wire.Members(in, "InstanceType")...)
			}
			out = append(out, made)
			if len(tags) > 0 {
				made.Action, made.Context = "ec2:CreateTags", maps.Clone(made.Context)
				put(made.Context, "ec2:CreateAction", c.Action)
				out = append(out, made)
			}
			continue
		}
		for _, id := range wire.Members(in, n.member) {
			out = append(out, wire.Asked{Resource: arnOf(c, n.kind, id), Context: contextOf(c, n.kind, id)})
		}
	}
	return out
}

// tagAsks are those of CreateTags and DeleteTags.
func tagAsks(c *wire.Call, ids []string, requested map[string][]string) []wire.Asked {
	out := []wire.Asked{}
	for _, id := range ids {
		prefix, _, _ := strings.Cut(id, "-")
		kind := taggables[prefix].name
		if kind == "" {
			continue // it is refused for what it is
		}
		a := wire.Asked{Resource: arnOf(c, kind, id), Context: contextOf(c, kind, id)}
		maps.Copy(a.Context, requested)
		out = append(out, a)
	}
	return out
}

// tagsGiven are those of an input's tag specifications, by kind.
func tagsGiven(in any) map[string]map[string]string {
	out := map[string]map[string]string{}
	specs, _ := wire.Member[[]tagSpec](in, "TagSpecification")
	for _, s := range specs {
		out[s.ResourceType] = valuesOf(s.Tags)
	}
	return out
}

// valuesOf are those of tags, by key.
func valuesOf(tags []xmlTag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}

func put(context map[string][]string, key string, values ...string) {
	if len(values) > 0 {
		context[key] = values
	}
}

// arnOf names a resource: images and snapshots have no account, since they may be another's.
func arnOf(c *wire.Call, kind, id string) string {
	account := c.Account.ID
	if kind == "image" || kind == "snapshot" {
		account = ""
	}
	return c.Account.Partition.ARN("ec2", c.Region, account, kind+"/"+id)
}

// contextOf are the condition keys of a resource that is there.
func contextOf(c *wire.Call, kind, id string) map[string][]string {
	out := map[string][]string{}
	tagged := id
	switch kind {
	case "image":
		if im, found := FindImage(c.Tx, c.Region, c.Account.ID, id); found {
			put(out, "ec2:Owner", im.Owner)
			put(out, "ec2:Public", strconv.FormatBool(im.Public))
		}
		put(out, "ec2:ImageID", id)
	case "snapshot":
		if s, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id); found {
			put(out, "ec2:Owner", s.Owner)
		}
	case "instance":
		if i, found := Instances.Get(c.Tx, c.Region, id); found {
			put(out, "ec2:InstanceType", i.Type)
		}
	case "key-pair":
		if k, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+id); found {
			tagged = k.ID
		}
	}
	for key, value := range TagsOf(c.Tx, c.Region, c.Account.ID, tagged) {
		put(out, "aws:ResourceTag/"+key, value)
		put(out, "ec2:ResourceTag/"+key, value)
	}
	return out
}
