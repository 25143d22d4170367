package scenarios

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// spotTemplate is a template of a user's own, with what %s adds to its source.
const spotTemplate = `
source "amazon-ebs" "image" {
  region                 = "us-east-1"
  custom_endpoint_ec2    = "%s"
  skip_region_validation = true
  ami_name               = "asks"
  ssh_username           = "admin"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
  run_tags        = { Team = "release" }
  run_volume_tags = { Team = "release" }
%s
}

build {
  sources = ["source.amazon-ebs.image"]
  provisioner "shell" { inline = ["true"] }
}
`

const passRole = `
  temporary_iam_instance_profile_policy_document {
    Version = "2012-10-17"
    Statement {
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["*"]
    }
  }`

// TestWhatPackerAsks: templates with a Spot Instance, and with an instance profile, build
// with the real Packer, and leave nothing behind.
func TestWhatPackerAsks(t *testing.T) {
	needsRoot(t) // SSH answers on port 22
	for name, tt := range map[string]struct {
		source string
		calls  []string // that it makes beside the usual ones, in this order
		shown  string   // of the instance, as AWS's CLI queries it
		want   string
		fails  string
	}{
		"a Spot Instance": {
			"  instance_type = \"t3.micro\"\n  spot_price    = \"0.05\"\n  spot_tags     = { Team = \"release\" }",
			[]string{"CreateLaunchTemplate", "CreateFleet", "DeleteLaunchTemplate"},
			"InstanceLifecycle", "spot", "",
		},
		"one of several types, at any price": {
			"  spot_instance_types = [\"t3.nano\", \"t3.micro\"]\n  spot_price = \"auto\"",
			[]string{"CreateLaunchTemplate", "CreateFleet", "DeleteLaunchTemplate"},
			"InstanceType", "t3.nano", "",
		},
		"a temporary instance profile": {
			"  instance_type = \"t3.micro\"\n" + passRole,
			[]string{
				"CreateInstanceProfile", "GetInstanceProfile", "CreateRole", "GetRole", "PutRolePolicy", "AddRoleToInstanceProfile",
				"RunInstances", "RemoveRoleFromInstanceProfile", "DeleteRolePolicy", "DeleteRole", "DeleteInstanceProfile",
			},
			"starts_with(IamInstanceProfile.Arn, 'arn:aws:iam::123456789012:instance-profile/packer-')", "True", "",
		},
		"a Spot Instance with an instance profile": {
			"  instance_type = \"t3.micro\"\n  spot_price = \"auto\"\n  iam_instance_profile = \"builder\"",
			[]string{"GetInstanceProfile", "CreateLaunchTemplate", "CreateFleet", "DeleteLaunchTemplate"},
			"IamInstanceProfile.Arn", "arn:aws:iam::123456789012:instance-profile/builder", "",
		},
		"an instance profile that is not there": {
			"  instance_type = \"t3.micro\"\n  iam_instance_profile = \"none\"",
			[]string{"GetInstanceProfile"},
			"", "", "Instance Profile none cannot be found",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			world := filepath.Join(dir, "world.yaml")
			writeFile(t, world, "accounts: [{name: vendor, id: \"123456789012\", roles: [{name: builder, trust: [ec2.amazonaws.com]}], instance_profiles: [builder]}]\n")
			b := startBox(t, filepath.Join(dir, "state"), "--driver", "instant", "--speed", "1000", "--world", world)
			writeFile(t, filepath.Join(dir, "image.pkr.hcl"), fmt.Sprintf(spotTemplate, b.url, tt.source))
			env := append(b.env(t, "vendor", ""), "AWS_POLL_DELAY_SECONDS=1", "CHECKPOINT_DISABLE=1", "TMPDIR="+shortTemp(t))
			cmd := exec.CommandContext(t.Context(), "packer", "build", "-color=false", filepath.Join(dir, "image.pkr.hcl"))
			cmd.Env, cmd.Dir = env, dir
			code, out := ends(t, cmd)
			if (code != 0) != (tt.fails != "") || !strings.Contains(out, tt.fails) {
				t.Fatalf("packer: exit %d\n%s", code, out)
			}
			b.made(t, tt.calls)
			if tt.shown != "" {
				got := awsCLI(t, env, "ec2", "describe-instances", "--region", "us-east-1", "--query", "Reservations[0].Instances[0]."+tt.shown, "--output", "text")
				if got != tt.want {
					t.Errorf("the instance has %s %q, want %q", tt.shown, got, tt.want)
				}
				b.leavesOnlyTheImage(t, env)
			}
		})
	}
}

// made fails the test unless these calls were made, in this order.
func (b *box) made(t *testing.T, want []string) {
	t.Helper()
	var made []string
	for _, c := range b.calls(t, 0) {
		made = append(made, c.Action)
	}
	rest := made
	for _, action := range want {
		i := slices.Index(rest, action)
		if i < 0 {
			t.Fatalf("%s was not called in its place: %q", action, made)
		}
		rest = rest[i+1:]
	}
}

func (b *box) leavesOnlyTheImage(t *testing.T, env []string) {
	t.Helper()
	types := awsCLI(t, env, "ec2", "describe-tags", "--region", "us-east-1", "--query", "Tags[].ResourceType", "--output", "text")
	for _, kind := range strings.Fields(types) {
		if kind != "image" && kind != "snapshot" && kind != "instance" {
			t.Errorf("a %s is left with its tags", kind)
		}
	}
	dump := b.run(t, "sandbox", "dump", "--state", b.state)
	for _, left := range []string{"packer-fleet-launch-template", "Temporary role for Packer"} {
		if strings.Contains(dump, left) {
			t.Errorf("%s is left", left)
		}
	}
}
