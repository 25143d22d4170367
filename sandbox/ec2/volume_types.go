package ec2

import (
	"cmp"

	"amiship/sandbox/wire"
)

// volumeType is what a type of volume takes (docs/reference/aws.md#volumes).
type volumeType struct {
	minSize, maxSize int // GiB
	minIOPS, maxIOPS int // 0: it takes none
	perGiB           int // IOPS for each GiB, at most
	usualIOPS        int // where none are named; 0: they must be
	throughput       bool
}

var volumeTypes = map[string]volumeType{
	"standard": {minSize: 1, maxSize: 1024},
	"gp2":      {minSize: 1, maxSize: 16384},
	"gp3":      {minSize: 1, maxSize: 65536, minIOPS: 3000, maxIOPS: 80000, perGiB: 500, usualIOPS: 3000, throughput: true},
	"io1":      {minSize: 4, maxSize: 16384, minIOPS: 100, maxIOPS: 64000, perGiB: 50},
	"io2":      {minSize: 4, maxSize: 65536, minIOPS: 100, maxIOPS: 256000, perGiB: 1000},
	"sc1":      {minSize: 125, maxSize: 16384},
	"st1":      {minSize: 125, maxSize: 16384},
}

// Throughput of gp3, in MiB/s. It has at most one for each four IOPS.
const (
	usualThroughput   = 125
	maxThroughput     = 2000
	iopsPerThroughput = 4
)

// complete fills in what AWS takes when nothing is said, and refuses what the volume's type
// does not take.
func (m Mapping) complete() (Mapping, error) {
	if m.Size == 0 {
		return m, wire.Errorf("MissingParameter", "The request must contain the parameter size or snapshotId")
	}
	m.Type = cmp.Or(m.Type, "gp2")
	t, known := volumeTypes[m.Type]
	switch {
	case !known:
		return m, invalidValue("volumeType", m.Type, "Unknown volume type.")
	case m.Size < t.minSize || m.Size > t.maxSize:
		return m, wire.Errorf("InvalidParameterValue", "Volume of %dGiB is too small or too large for volume type %s; %d to %d GiB are allowed.", m.Size, m.Type, t.minSize, t.maxSize)
	case m.IOPS != 0 && t.maxIOPS == 0:
		return m, invalidCombination("The parameter iops is not supported for %s volumes.", m.Type)
	case m.Throughput != 0 && !t.throughput:
		return m, invalidCombination("The parameter throughput is not supported for %s volumes.", m.Type)
	case m.IOPS == 0 && t.maxIOPS > 0 && t.usualIOPS == 0:
		return m, wire.Errorf("MissingParameter", "The request must contain the parameter iops for volumes of type %s", m.Type)
	}
	m.IOPS = cmp.Or(m.IOPS, t.usualIOPS)
	if t.throughput {
		m.Throughput = cmp.Or(m.Throughput, usualThroughput)
	}
	return m, t.check(m)
}

func (t volumeType) check(m Mapping) error {
	low := "Volume iops of %d is too low; minimum is %d."
	switch {
	case t.maxIOPS == 0:
		return nil
	case m.IOPS < t.minIOPS:
		return wire.Errorf("InvalidParameterValue", low, m.IOPS, t.minIOPS)
	case m.IOPS > t.maxIOPS:
		return wire.Errorf("InvalidParameterValue", "Volume iops of %d is too high; maximum is %d.", m.IOPS, t.maxIOPS)
	case m.IOPS > max(t.usualIOPS, t.perGiB*m.Size):
		return wire.Errorf("InvalidParameterValue", "Iops to volume size ratio of %.1f is too high; maximum is %.1f.", float64(m.IOPS)/float64(m.Size), float64(t.perGiB))
	case t.throughput && (m.Throughput < usualThroughput || m.Throughput > maxThroughput):
		return wire.Errorf("InvalidParameterValue", "Volume throughput of %dMiB/s is not allowed; %d to %d are.", m.Throughput, usualThroughput, maxThroughput)
	case t.throughput && m.Throughput*iopsPerThroughput > m.IOPS:
		return wire.Errorf("InvalidParameterValue", "Throughput to iops ratio of %.2f is too high; maximum is 0.25.", float64(m.Throughput)/float64(m.IOPS))
	}
	return nil
}
