package world

import (
	"slices"
	"testing"
)

// TestFamily: builds of one system are of one family, two systems of two.
func TestFamily(t *testing.T) {
	for name, want := range map[string]string{
		"debian-12-amd64-20261108-2290":                                    "debian-12-amd64-*",
		"debian-13-amd64-20261108-2290":                                    "debian-13-amd64-*",
		"ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20261101":   "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*",
		"ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20261101.1": "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*",
		"al2023-ami-2023.5.20240903.0-kernel-6.1-x86_64":                   "al2023-ami-2023.5.*-kernel-6.1-x86_64",
		"my-base-1.2.3": "my-base-1.2.3",
	} {
		if got := Family(name); got != want {
			t.Errorf("%s is of %s, want %s", name, got, want)
		}
	}
	b := Base{Names: map[string]string{"ami-1": "debian-12-amd64-20261108-2290", "ami-2": "debian-11-amd64-20261108-2289", "ami-3": "debian-12-amd64-20261001-2250"}}
	if want := []string{"debian-11-amd64-*", "debian-12-amd64-*"}; !slices.Equal(b.Families(), want) {
		t.Errorf("the families are %v, want %v", b.Families(), want)
	}
}
