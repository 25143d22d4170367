package ec2

import (
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// instanceType is what EC2 says of a type; the machines themselves have what
// the host gives them. The types are in types_table.go, by name.
type instanceType struct {
	name, arch         string
	i386               bool // runs 32-bit images too
	vcpus, threads     int  // threads of a core
	mib                int
	maker              string  // of the processor: Intel, AMD or AWS
	clock              float64 // GHz
	current            bool    // of the current generation
	burstable          bool
	hypervisor         string // nitro or xen; empty: bare metal
	paravirtual, noHVM bool   // runs paravirtual images; only those
	enis, addresses    int    // network interfaces, and IPv4 addresses of each
	network            string // performance, in AWS's words
	disks, diskGB      int    // of the instance store
	diskType           string // hdd or ssd
	diskNVMe           bool
}

// findType returns a type by its name.
func findType(name string) (instanceType, error) {
	i, found := slices.BinarySearchFunc(typeTable, name, func(t instanceType, n string) int { return strings.Compare(t.name, n) })
	if !found {
		return instanceType{}, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	return typeTable[i], nil
}

func (t instanceType) family() string {
	family, _, _ := strings.Cut(t.name, ".")
	return family
}

func (t instanceType) cores() int { return t.vcpus / t.threads }

func (t instanceType) architectures() wire.List[string] {
	if t.i386 {
		return wire.List[string]{"i386", t.arch}
	}
	return wire.List[string]{t.arch}
}

func (t instanceType) virtualizations() (all wire.List[string]) {
	if !t.noHVM {
		all = append(all, "hvm")
	}
	if t.paravirtual {
		all = append(all, "paravirtual")
	}
	return all
}

// Values of enaSupport.
const (
	enaRequired    = "required"
	enaSupported   = "supported"
	enaUnsupported = "unsupported"
)

// enaOnXen are the Xen families that support ENA and do not need it
// (docs/reference/aws.md#instance-types).
var enaOnXen = []string{"f1", "g3", "g3s", "h1", "i3", "p2", "p3", "r4", "x1", "x1e"}

func (t instanceType) ena() string {
	switch {
	case t.hypervisor != "xen":
		return enaRequired
	case slices.Contains(enaOnXen, t.family()), t.name == "m4.16xlarge":
		return enaSupported
	}
	return enaUnsupported
}

// legacyOnly are families on Nitro that boot by BIOS alone
// (docs/reference/aws.md#instance-types).
var legacyOnly = []string{"dl1", "g4ad", "p4d", "p4de", "u-3tb1", "u-6tb1", "u-9tb1", "u-12tb1", "u-18tb1", "u-24tb1", "vt1"}

// Boot modes of a type, and of an image, which may also leave it to the type.
const (
	bootLegacy    = "legacy-bios"
	bootUEFI      = "uefi"
	bootPreferred = "uefi-preferred"
)

func (t instanceType) bootModes() wire.List[string] {
	switch {
	case t.arch == "arm64":
		return wire.List[string]{bootUEFI}
	case t.hypervisor != "nitro", slices.Contains(legacyOnly, t.family()):
		return wire.List[string]{bootLegacy}
	}
	return wire.List[string]{bootLegacy, bootUEFI}
}

// boots says why an image can't be launched on the type.
func (t instanceType) boots(im Image) error {
	switch {
	case !slices.Contains(t.architectures(), im.Arch):
		return wire.Errorf("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.", strings.Join(t.architectures(), ","), im.Arch)
	case !slices.Contains(t.virtualizations(), im.Virtualization()):
		return wire.Errorf("InvalidParameterCombination", "Non-Windows instances with a virtualization type of '%s' are currently not supported for this instance type.", im.Virtualization())
	case t.ena() == enaRequired && !im.ENA:
		return wire.Errorf("InvalidParameterCombination", "Enhanced networking with the Elastic Network Adapter (ENA) is required for the '%s' instance type. Ensure that you are using an AMI that is enabled for ENA.", t.name)
	case (im.BootMode == bootLegacy || im.BootMode == bootUEFI) && !slices.Contains(t.bootModes(), im.BootMode):
		return wire.Errorf("InvalidParameterCombination", "The boot mode '%s' of the specified AMI is not supported by the '%s' instance type.", im.BootMode, t.name)
	}
	return nil
}
