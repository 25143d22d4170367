package ec2

import (
	"cmp"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// instanceType is what EC2 says of a type; the machines themselves have what
// the host gives them.
type instanceType struct {
	name, arch   string
	vcpus        int
	mib          int
	burstable    bool
	manufacturer string
	current      bool
}

// family is a generation of types: m7i, c7g.
type family struct {
	name, arch, maker string
	gib               int // memory for each vCPU; 0: burstable, see burstSizes
	old               bool
}

var families = []family{
	{"t2", "x86_64", "Intel", 0, true},
	{"t3", "x86_64", "Intel", 0, false},
	{"t3a", "x86_64", "AMD", 0, false},
	{"t4g", "arm64", "AWS", 0, false},
	{"m3", "x86_64", "Intel", 4, true},
	{"m4", "x86_64", "Intel", 4, true},
	{"m5", "x86_64", "Intel", 4, false},
	{"m5a", "x86_64", "AMD", 4, false},
	{"m6i", "x86_64", "Intel", 4, false},
	{"m6a", "x86_64", "AMD", 4, false},
	{"m7i", "x86_64", "Intel", 4, false},
	{"m7i-flex", "x86_64", "Intel", 4, false},
	{"m7a", "x86_64", "AMD", 4, false},
	{"m8i", "x86_64", "Intel", 4, false},
	{"m6g", "arm64", "AWS", 4, false},
	{"m7g", "arm64", "AWS", 4, false},
	{"m8g", "arm64", "AWS", 4, false},
	{"c4", "x86_64", "Intel", 2, true},
	{"c5", "x86_64", "Intel", 2, false},
	{"c5a", "x86_64", "AMD", 2, false},
	{"c6i", "x86_64", "Intel", 2, false},
	{"c6a", "x86_64", "AMD", 2, false},
	{"c7i", "x86_64", "Intel", 2, false},
	{"c7a", "x86_64", "AMD", 2, false},
	{"c8i", "x86_64", "Intel", 2, false},
	{"c6g", "arm64", "AWS", 2, false},
	{"c7g", "arm64", "AWS", 2, false},
	{"c8g", "arm64", "AWS", 2, false},
	{"r5", "x86_64", "Intel", 8, false},
	{"r6i", "x86_64", "Intel", 8, false},
	{"r7i", "x86_64", "Intel", 8, false},
	{"r6g", "arm64", "AWS", 8, false},
	{"r7g", "arm64", "AWS", 8, false},
	{"r8g", "arm64", "AWS", 8, false},
}

var sizes = []struct {
	name  string
	vcpus int
}{{"medium", 1}, {"large", 2}, {"xlarge", 4}, {"2xlarge", 8}, {"4xlarge", 16}, {"8xlarge", 32}, {"12xlarge", 48}, {"16xlarge", 64}}

var burstSizes = []struct {
	name       string
	vcpus, mib int
}{{"nano", 2, 512}, {"micro", 2, 1024}, {"small", 2, 2048}, {"medium", 2, 4096}, {"large", 2, 8192}, {"xlarge", 4, 16384}, {"2xlarge", 8, 32768}}

// allTypes returns every type that the sandbox offers, by name.
func allTypes() []instanceType {
	var out []instanceType
	for _, f := range families {
		if f.gib == 0 {
			for _, s := range burstSizes {
				out = append(out, instanceType{f.name + "." + s.name, f.arch, s.vcpus, s.mib, true, f.maker, !f.old})
			}
			continue
		}
		for _, s := range sizes {
			out = append(out, instanceType{f.name + "." + s.name, f.arch, s.vcpus, 1024 * f.gib * s.vcpus, false, f.maker, !f.old})
		}
	}
	slices.SortFunc(out, func(a, b instanceType) int { return cmp.Compare(a.name, b.name) })
	return out
}

func findType(name string) (instanceType, error) {
	all := allTypes()
	i, found := slices.BinarySearchFunc(all, name, func(t instanceType, n string) int { return strings.Compare(t.name, n) })
	if !found {
		return instanceType{}, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	return all[i], nil
}

func (t instanceType) threads() int {
	if t.manufacturer == "AWS" || t.vcpus == 1 {
		return 1
	}
	return 2
}
