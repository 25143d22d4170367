package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestSeenBeforeItIsBuilt: what would stop a release in the middle holds its build.
func TestSeenBeforeItIsBuilt(t *testing.T) {
	off := func(s *stall) {
		s.d.Targets = append(s.d.Targets, release.Target{Region: "eu-west-1", Required: true})
		s.w.Regions["eu-west-1"] = world.Region{Off: true, Images: world.Fact[[]world.Image]{At: s.w.Now, Err: "eu-west-1 is switched off in this account"}}
	}
	for name, c := range map[string]struct {
		change  func(*stall)
		blocker string
		text    []string // in why and remedies
		holds   []plan.ID
	}{
		"nothing": {func(*stall) {}, "", nil, nil},
		"no network": {
			func(s *stall) {
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"": {Missing: "there is no default VPC"}})
				})
			}, "network/us-east-1", []string{"there is no default VPC", "build.subnet", "aws ec2 create-default-vpc --region us-east-1"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a subnet without public addresses": {
			func(s *stall) {
				s.d.Variants[0].Build.Subnet, s.d.Variants[0].Build.Lines = "subnet-1", map[string]string{"subnet": "amiship.yaml:12"}
				s.d.Variants[0].Build.AccessFrom = []string{"auto"}
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"subnet-1": {VPC: "vpc-1", Private: true}})
				})
			}, "network/us-east-1", []string{"build.subnet (amiship.yaml:12): instances in subnet-1 get no public address", "from outside their VPC: auto", "--subnet-id subnet-1 --map-public-ip-on-launch", "build.access_from: vpc"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a default VPC without public addresses": {
			func(s *stall) {
				s.d.Variants[0].Build.AccessFrom = []string{"198.51.100.0/24"}
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"": {VPC: "vpc-1", Private: true}})
				})
			}, "network/us-east-1", []string{"instances in the default subnets of us-east-1 get no public address"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a subnet without public addresses, from inside": {
			func(s *stall) {
				s.d.Variants[0].Build.AccessFrom = []string{"vpc"}
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"": {VPC: "vpc-1", Private: true}})
				})
			}, "", nil, nil,
		},
		"subnets of two VPCs": {
			func(s *stall) {
				s.d.Variants[0].Build.Subnet, s.d.Variants[0].Build.Others = "subnet-1", []release.LaunchTarget{{Subnet: "subnet-2"}}
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"subnet-1": {VPC: "vpc-1"}, "subnet-2": {VPC: "vpc-2"}})
				})
			}, "network/us-east-1", []string{"subnets of two VPCs: subnet-1 is in vpc-1, subnet-2 in vpc-2"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"not its subnet": {
			func(s *stall) {
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"subnet-1": {Missing: "there is no subnet-1"}})
				})
			}, "", nil, nil,
		},
		"a type that the region does not have": {
			func(s *stall) { s.types(nil) },
			"instance-type/us-east-1/amd64",
			[]string{"us-east-1 has no instance type m7i.large", "build.instance"},
			[]plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a type of the other architecture": {
			func(s *stall) {
				s.types(map[string]world.InstanceType{"m7i.large": {Archs: []string{"arm64"}, Zones: []string{"us-east-1a"}}})
			}, "instance-type/us-east-1/amd64", []string{"m7i.large runs arm64 only, not amd64"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a type that no zone offers": {
			func(s *stall) {
				s.types(map[string]world.InstanceType{"m7i.large": {Archs: []string{"amd64"}}})
			}, "instance-type/us-east-1/amd64", []string{"m7i.large is not offered in us-east-1"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a type that the subnet's zone does not offer": {
			func(s *stall) {
				s.types(map[string]world.InstanceType{"m7i.large": {Archs: []string{"amd64"}, Zones: []string{"us-east-1b"}}})
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"": {VPC: "vpc-1", Zones: []string{"us-east-1a"}}})
				})
			}, "instance-type/us-east-1/amd64", []string{"m7i.large is not offered in us-east-1a, where the default subnets are"}, []plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a type that another subnet's zone offers": {
			func(s *stall) {
				s.d.Variants[0].Build.Others = []release.LaunchTarget{{InstanceType: "m7i.large", Subnet: "subnet-2"}}
				s.types(map[string]world.InstanceType{"m7i.large": {Archs: []string{"amd64"}, Zones: []string{"us-east-1b"}}})
				home(s.w, func(r *world.Region) {
					r.Network = known(s.w.Now, map[string]world.Subnet{"": {VPC: "vpc-1", Zones: []string{"us-east-1a"}}, "subnet-2": {VPC: "vpc-1", Zones: []string{"us-east-1b"}}})
				})
			}, "", nil, nil,
		},
		"types that can't be read": {
			func(s *stall) {
				home(s.w, func(r *world.Region) {
					r.Types = world.Fact[map[string]world.InstanceType]{At: s.w.Now, Err: "UnauthorizedOperation"}
				})
			}, "", nil, nil,
		},
		"a clock that is behind": {
			func(s *stall) { s.w.Skew = 20*time.Minute - 500*time.Millisecond },
			"clock",
			[]string{"this machine's clock is 20m behind AWS's", "sudo timedatectl set-ntp true", "amiship release v1.2.3"},
			[]plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"a clock that is ahead, and builds begin anyway": {
			func(s *stall) { s.w.Skew, s.d.Policy.BuildAnyway = -26*time.Hour, true },
			"clock",
			[]string{"26h0m ahead of AWS's"},
			[]plan.ID{"claim/ce/amd64/us-east-1"},
		},
		"nobody may copy": {
			func(s *stall) {
				home(s.w, func(r *world.Region) {
					r.Denied = known(s.w.Now, map[string]string{"ec2:CopyImage": "UnauthorizedOperation: no"})
				})
			}, "permission/ec2:CopyImage", []string{"may not ec2:CopyImage in us-east-1: UnauthorizedOperation: no"}, []plan.ID{"claim/ce/amd64/us-east-1", "copy/ce/amd64/us-east-1"},
		},
		"nobody may copy, and nobody asks": {
			func(s *stall) {
				s.r.Ahead = 1
				home(s.w, func(r *world.Region) {
					r.Denied = known(s.w.Now, map[string]string{"ec2:CopyImage": "UnauthorizedOperation: no"})
				})
			}, "", nil, nil,
		},
		"nobody may do what it does not do": {
			func(s *stall) {
				s.d.Variants[0].Public, s.d.Variants[0].PublicSnapshot, s.d.Variants[0].Share = false, false, nil
				home(s.w, func(r *world.Region) {
					r.Denied = known(s.w.Now, map[string]string{"ec2:ModifySnapshotAttribute": "UnauthorizedOperation: no"})
				})
			}, "", nil, nil,
		},
		"nobody may tell": {
			func(s *stall) {
				home(s.w, func(r *world.Region) {
					r.Denied = world.Fact[map[string]string]{At: s.w.Now, Err: "no answer"}
					r.Network = world.Fact[map[string]world.Subnet]{At: s.w.Now, Err: "UnauthorizedOperation"}
				})
			}, "", nil, nil,
		},
		"no capacity for the copy beside the candidate": {
			func(s *stall) {
				s.image("1.0.0", 90, func(i *world.Image) { i.Tags, i.Public = nil, false })
				s.limits.AMIs = world.Quota{Limit: 2}
			}, "amis/us-east-1", []string{"2 more AMIs needed, capacity for 1: quota 2, used 1", "asks AWS for 25 AMIs", "amiship retire --plan"}, []plan.ID{"claim/ce/amd64/us-east-1", "publish/ce/amd64/us-east-1"},
		},
		"capacity for both":            {func(s *stall) { s.limits.AMIs = world.Quota{Limit: 2} }, "", nil, nil},
		"how much capacity is unknown": {func(s *stall) { s.limits.AMIs = world.Quota{Err: "no Service Quotas here"} }, "", nil, nil},
		"a region does not exist": {
			func(s *stall) {
				s.d.Targets = append(s.d.Targets, release.Target{Region: "eu-wset-1", Required: true, At: "regions.required[1] (amiship.yaml:21)"})
				s.w.Regions["eu-wset-1"] = world.Region{NoRegion: true, Images: world.Fact[[]world.Image]{At: s.w.Now, Err: "eu-wset-1 is no region"}}
			}, "region/eu-wset-1", []string{"correct eu-wset-1 in regions.required[1] (amiship.yaml:21), or leave it out"}, []plan.ID{"claim/ce/amd64/us-east-1", "copy/ce/amd64/eu-wset-1", "publish/ce/amd64/eu-wset-1"},
		},
		"a region is off": {off, "region/eu-west-1", []string{"aws account enable-region --region-name eu-west-1"}, []plan.ID{"claim/ce/amd64/us-east-1", "copy/ce/amd64/eu-west-1", "publish/ce/amd64/eu-west-1"}},
		"the name is taken": {
			func(s *stall) {
				s.image("1.0.0", 90, func(i *world.Image) { i.Tags, i.Public, i.Name = nil, false, s.d.Variants[0].Name })
			}, "name/ce/amd64/us-east-1", []string{"aws ec2 deregister-image"}, []plan.ID{"claim/ce/amd64/us-east-1", "copy/ce/amd64/us-east-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStall(t)
			home(s.w, func(r *world.Region) {
				r.Network, r.Denied = known(s.w.Now, map[string]world.Subnet(nil)), known(s.w.Now, map[string]string(nil))
			})
			c.change(s)
			p := s.plan()
			claim, _ := p.Step("claim/ce/amd64/us-east-1")
			if c.blocker == "" {
				if len(p.Blockers) > 0 || claim.State != plan.Ready {
					t.Errorf("blockers %+v, the claim is %s; want none, ready", p.Blockers, claim.State)
				}
				return
			}
			if len(p.Blockers) != 1 || p.Blockers[0].ID != c.blocker || claim.State != plan.Blocked {
				t.Fatalf("blockers %+v, the claim is %s; want %s, blocked", p.Blockers, claim.State, c.blocker)
			}
			bl := p.Blockers[0]
			said := fmt.Sprintf("%+v", bl)
			for _, text := range c.text {
				if !strings.Contains(said, text) {
					t.Errorf("no %q in %s", text, said)
				}
			}
			for _, id := range c.holds {
				if !slices.Contains(bl.Holds, id) {
					t.Errorf("it holds %v, want %v", bl.Holds, c.holds)
				}
			}
		})
	}
}

// TestARegionThatIsOffCanBeWaivedLater: a waiver stands on a candidate.
func TestARegionThatIsOffCanBeWaivedLater(t *testing.T) {
	s := newStall(t)
	s.d.Targets = append(s.d.Targets, release.Target{Region: "eu-west-1", Required: true})
	s.w.Regions["eu-west-1"] = world.Region{Off: true, Images: world.Fact[[]world.Image]{At: s.w.Now, Err: "off"}}
	waives := func() bool {
		p := s.plan()
		return slices.ContainsFunc(p.Blockers[0].Remedies, func(r plan.Remedy) bool { return r.Name == "waive" })
	}
	if waives() {
		t.Error("there is nothing yet to note a waiver on, and it is a remedy")
	}
	s.image("1.2.3", 0, func(i *world.Image) {
		i.Name, i.Public = s.d.Owner(s.d.Variants[0]).CandidateName("0123456789abcdef"), false
	})
	if !waives() {
		t.Error("there is a candidate, and no way to waive the region")
	}
}

// TestNoCopyWhereItIsUseless: where copies would be encrypted, or find no capacity, none
// is made, though the catalog lets builds begin.
func TestNoCopyWhereItIsUseless(t *testing.T) {
	for name, change := range map[string]func(*stall){
		"encrypted": func(s *stall) { s.limits.Encrypted = true },
		"full":      func(s *stall) { s.limits.AMIs.Limit = 1 },
	} {
		for _, required := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %v", name, required), func(t *testing.T) {
				s := newStall(t)
				s.d.Untested, s.d.Policy.BuildAnyway, s.d.Targets[0].Required = true, true, required
				v := s.d.Variants[0]
				s.image("1.2.3", 0, func(i *world.Image) {
					i.Name, i.Public, i.IMDSSupport = s.d.Owner(v).CandidateName("0123456789abcdef"), false, "v2.0"
					i.Tags = s.d.OwnTags(v, record.StageCandidate)
					i.Tags[record.TagInputs], i.Tags[record.TagPackage] = "1:0123456789abcdef", "1:aa"
				})
				if c, _ := s.plan().Step("copy/ce/amd64/us-east-1"); c.State != plan.Ready {
					t.Fatalf("undisturbed it is %s (%s), want ready", c.State, c.Why)
				}
				change(s)
				want := map[bool]plan.State{true: plan.Blocked, false: plan.Skipped}[required]
				p := s.plan()
				if c, _ := p.Step("copy/ce/amd64/us-east-1"); c.State != want {
					t.Errorf("the copy is %s, want %s", c.State, want)
				}
				if required && !slices.Contains(p.Blockers[0].Holds, "copy/ce/amd64/us-east-1") {
					t.Errorf("the blocker holds %v", p.Blockers[0].Holds)
				}
			})
		}
	}
}

// TestSince: a quota was used up when the AMI was made that took the last of it, whatever
// else has gone or come since.
func TestSince(t *testing.T) {
	day := func(s *stall, days int) time.Time { return s.w.Now.AddDate(0, 0, -days) }
	for name, c := range map[string]struct {
		change func(*stall)
		days   int // -1: nobody knows
	}{
		"the fifth of five":                   {func(s *stall) { s.old(5) }, 96},
		"one more than there may be":          {func(s *stall) { s.old(6) }, 96},
		"two are needed, so the fourth":       {func(s *stall) { s.old(5); s.r.Ahead = 1 }, 97},
		"the Recycle Bin has taken it itself": {func(s *stall) { s.old(2); s.limits.Binned = 5 }, -1},
		"the third, beside two in the bin":    {func(s *stall) { s.old(3); s.limits.Binned = 2 }, 98},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStall(t)
			c.change(s)
			p := s.plan()
			want := time.Time{}
			if c.days >= 0 {
				want = day(s, c.days)
			}
			if len(p.Blockers) != 1 || !p.Blockers[0].Since.Equal(want) {
				t.Errorf("blockers %+v, want one since %s", p.Blockers, want)
			}
		})
	}
}
