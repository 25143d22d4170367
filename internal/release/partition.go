package release

import "strings"

// Commercial is the partition of most regions.
const Commercial = "aws"

// Partition is the part of AWS that a region is in (docs/reference/aws.md#regions-and-partitions).
func Partition(region string) string {
	for _, p := range [][2]string{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p[0]) {
			return p[1]
		}
	}
	return Commercial
}
