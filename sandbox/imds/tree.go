package imds

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dir is a directory of the tree: items that are text or directories.
type dir map[string]any

// find returns the text at a path, or the listing of a directory. A path that
// ends with a slash is the directory's as well.
func (d dir) find(path []string) (string, bool) {
	if len(path) == 0 || len(path) == 1 && path[0] == "" {
		return d.list(), true
	}
	switch v := d[path[0]].(type) {
	case string:
		return v, len(path) == 1
	case dir:
		return v.find(path[1:])
	case keys:
		return v.find(path[1:])
	}
	return "", false
}

// list names a directory's items, a line each; subdirectories end with a slash.
func (d dir) list() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		switch d[name].(type) {
		case dir, keys:
			name += "/"
		}
		lines = append(lines, name)
	}
	return strings.Join(lines, "\n")
}

// keys is public-keys/, whose listing is "0=name" and whose items are 0/….
type keys struct{ name, key string }

func (k keys) find(path []string) (string, bool) {
	switch strings.Join(path, "/") {
	case "":
		return "0=" + k.name, true
	case "0", "0/":
		return "openssh-key", true
	case "0/openssh-key":
		return k.key, true
	}
	return "", false
}

// tree is all that an instance can see of itself.
func tree(in Instance) dir {
	top := dir{
		"meta-data": metadata(in),
		"dynamic":   dir{"instance-identity": dir{"document": identity(in)}},
	}
	if len(in.UserData) > 0 {
		top["user-data"] = string(in.UserData)
	}
	return top
}

func metadata(in Instance) dir {
	d := dir{
		"ami-id":               in.Image,
		"ami-launch-index":     strconv.Itoa(in.Index),
		"ami-manifest-path":    "(unknown)",
		"block-device-mapping": dir{"ami": in.RootDevice, "root": in.RootDevice},
		"hostname":             in.Hostname,
		"instance-action":      "none",
		"instance-id":          in.ID,
		"instance-life-cycle":  "on-demand",
		"instance-type":        in.Type,
		"local-hostname":       in.LocalName,
		"local-ipv4":           text(in.Private),
		"mac":                  in.MAC,
		"network":              dir{"interfaces": dir{"macs": dir{in.MAC: network(in)}}},
		"placement":            dir{"availability-zone": in.Zone, "availability-zone-id": in.ZoneID, "region": in.Region},
		"product-codes":        in.ProductCode,
		"profile":              "default-hvm",
		"public-hostname":      in.PublicName,
		"public-ipv4":          text(in.Public),
		"reservation-id":       in.Reservation,
		"security-groups":      strings.Join(in.Groups, "\n"),
		"services":             dir{"domain": in.Domain, "partition": in.Partition},
	}
	if in.AuthorizedKey != "" {
		d["public-keys"] = keys{in.KeyName, in.AuthorizedKey}
	}
	if in.Profile != "" {
		d["iam"] = dir{"info": profile(in)}
	}
	prune(d)
	if in.Tags != nil {
		d["tags"] = dir{"instance": tags(in.Tags)} // an empty value is a value here
	}
	return d
}

// profile tells which instance profile there is; it gives no credentials.
func profile(in Instance) string {
	out, _ := json.MarshalIndent(map[string]string{
		"Code": "Success", "LastUpdated": in.Launched.UTC().Format(time.RFC3339), "InstanceProfileArn": in.Profile,
	}, "", "  ")
	return string(out)
}

// tags are served by key, as far as a key can be a name in a path.
func tags(of map[string]string) dir {
	d := dir{}
	for k, v := range of {
		if !strings.ContainsAny(k, "/ ") {
			d[k] = v
		}
	}
	return d
}

func network(in Instance) dir {
	d := dir{
		"device-number":          "0",
		"interface-id":           in.Interface,
		"local-hostname":         in.LocalName,
		"local-ipv4s":            text(in.Private),
		"mac":                    in.MAC,
		"owner-id":               in.Account,
		"public-hostname":        in.PublicName,
		"public-ipv4s":           text(in.Public),
		"security-groups":        strings.Join(in.Groups, "\n"),
		"security-group-ids":     strings.Join(in.GroupIDs, "\n"),
		"subnet-id":              in.Subnet,
		"subnet-ipv4-cidr-block": in.SubnetCIDR,
		"vpc-id":                 in.VPC,
		"vpc-ipv4-cidr-block":    in.VPCCIDR,
		"vpc-ipv4-cidr-blocks":   in.VPCCIDR,
	}
	if in.Public.IsValid() {
		d["ipv4-associations"] = dir{in.Public.String(): text(in.Private)}
	}
	return d
}

// prune takes out what is empty: an item is listed if, and only if, it is served.
func prune(d dir) {
	for name, v := range d {
		switch v := v.(type) {
		case string:
			if v == "" {
				delete(d, name)
			}
		case dir:
			prune(v)
		}
	}
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// identity is the instance identity document; it is not signed.
func identity(in Instance) string {
	doc := map[string]any{
		"accountId": in.Account, "architecture": in.Arch, "availabilityZone": in.Zone,
		"billingProducts": nil, "devpayProductCodes": nil, "marketplaceProductCodes": nil,
		"imageId": in.Image, "instanceId": in.ID, "instanceType": in.Type, "kernelId": nil,
		"pendingTime": in.Launched.UTC().Format(time.RFC3339), "privateIp": text(in.Private),
		"ramdiskId": nil, "region": in.Region, "version": "2017-09-30",
	}
	if in.ProductCode != "" {
		doc["marketplaceProductCodes"] = []string{in.ProductCode}
	}
	out, _ := json.MarshalIndent(doc, "", "  ")
	return string(out)
}
