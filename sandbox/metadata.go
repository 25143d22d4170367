package sandbox

import (
	"net/netip"

	"amiship/sandbox/imds"
)

// instanceAt tells the metadata service of the instance with this address.
func (s *box) instanceAt(netip.Addr) (imds.Instance, bool) { return imds.Instance{}, false }
