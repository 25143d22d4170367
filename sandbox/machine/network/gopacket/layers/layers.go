// Package layers has the one name of the module's that is used.
package layers

// LayerTypeEthernet is where a packet of the network begins.
const LayerTypeEthernet = 0
