package cloud

import (
	"fmt"
	"slices"
	"strings"
)

// Partition is a part of AWS that shares nothing with the others: no account, no key, no
// resource (docs/reference/aws.md#regions-and-partitions). Its zero value is the commercial
// one, "aws".
type Partition string

// partition is what the sandbox knows of one.
type partition struct {
	prefix string // of its regions' names
	name   Partition
	domain string // suffix of the names that AWS gives in the DNS
}

// partitions have the commercial one last, as every name begins with its empty prefix.
var partitions = []partition{
	{"us-gov-", "aws-us-gov", "amazonaws.com"},
	{"cn-", "aws-cn", "amazonaws.com.cn"},
	{"eusc-", "aws-eusc", "amazonaws.eu"},
	{"", "", "amazonaws.com"},
}

func (p Partition) row() partition {
	return partitions[max(0, slices.IndexFunc(partitions, func(known partition) bool { return known.name == p }))]
}

// PartitionOf is the partition of a region.
func PartitionOf(region string) Partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return ""
}

// FindPartition returns the partition with a name; empty is the commercial one.
func FindPartition(name string) (Partition, error) {
	var known []string
	for _, p := range partitions {
		if name == p.name.String() || name == string(p.name) {
			return p.name, nil
		}
		known = append(known, p.name.String())
	}
	return "", fmt.Errorf("%q is no partition: there are %s", name, strings.Join(known, ", "))
}

// String is the partition's name, as in ARNs.
func (p Partition) String() string {
	if p == "" {
		return "aws"
	}
	return string(p)
}

// Domain is the suffix of the names that AWS gives in the DNS.
func (p Partition) Domain() string { return p.row().domain }

// ARN names a resource; what is of no region, as all of IAM, has an empty one.
func (p Partition) ARN(service, region, account, resource string) string {
	return strings.Join([]string{"arn", p.String(), service, region, account, resource}, ":")
}

// ParameterARN names a parameter of the Parameter Store; AWS's own have no account.
func (p Partition) ParameterARN(region, account, name string) string {
	if strings.HasPrefix(name, "/aws/service/") {
		account = ""
	}
	return p.ARN("ssm", region, account, "parameter/"+strings.TrimPrefix(name, "/"))
}
