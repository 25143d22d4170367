package awsapi

import "testing"

// TestRegionOfAnotherPartition: the environment's region counts, unless it is of another
// partition of AWS: that one's STS knows no key of this one.
func TestRegionOfAnotherPartition(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-west-1")
	for region, want := range map[string]string{"us-east-1": "eu-west-1", "us-gov-west-1": "us-gov-west-1", "eusc-de-east-1": "eusc-de-east-1", "cn-north-1": "cn-north-1"} {
		clients, err := Load(t.Context(), region)
		if err != nil || clients.cfg.Region != want {
			t.Errorf("for %s: %v in %s, want %s", region, err, clients.cfg.Region, want)
		}
	}
}
