package marketplace

import (
	"fmt"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace/scan"
)

// verdict is the result of scanning a change set's disk.
type verdict struct {
	findings map[int][]scan.Finding // by change
	err      string                 // a disk could not be read, which is no fault of the seller's
}

// disk is one to be scanned.
type disk struct {
	set     string // id of the change set
	change  int    // which of its changes
	layers  []string
	version scan.Version
}

// scanDisks scans the disks of all change sets that are prepared. Each of these is
// in the answer, even without a disk.
func (m *Marketplace) scanDisks() map[string]verdict {
	scans := map[string]verdict{}
	var disks []disk
	_ = m.store.View(func(tx *cloud.Tx) error {
		for id, s := range sets.All(tx, pendingSets) {
			if s.Status != preparing || !s.dueBy(tx.Now) {
				continue
			}
			scans[id] = verdict{findings: map[int][]scan.Finding{}}
			disks = append(disks, m.disks(tx, s)...)
		}
		return nil
	})
	for _, d := range disks {
		found, err := m.scan(d)
		v := scans[d.set]
		v.findings[d.change] = found
		if err != nil {
			v.err = fmt.Sprintf("The image could not be scanned: %v", err)
		}
		scans[d.set] = v
	}
	return scans
}

// disks are those of the versions that the change set adds, as far as they are
// there and the details are in order.
func (m *Marketplace) disks(tx *cloud.Tx, s ChangeSet) []disk {
	if m.set.Scan == ScanOff {
		return nil
	}
	var out []disk
	for i, c := range s.Changes {
		if c.Type != addOptions || len(m.checkSchema(c)) > 0 {
			continue
		}
		src := parse[addDetails](c).source()
		im, found := ec2.FindImage(tx, home, s.Account, src.AmiID)
		if !found {
			continue
		}
		layers, whole := ec2.LayersOf(tx, home, im)
		if !whole {
			continue
		}
		out = append(out, disk{s.ID, i, layers, scan.Version{User: src.UserName, Port: src.port()}})
	}
	return out
}

func (m *Marketplace) scan(d disk) ([]scan.Finding, error) {
	files, err := m.open(d.layers)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	return scan.Look(files, d.version)
}

func (s amiSource) port() int {
	if s.ScanningPort == 0 {
		return 22
	}
	return s.ScanningPort
}
