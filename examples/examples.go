// Package examples holds the examples' files, for those who start from them:
// "amiship init" writes the same template and install script that the examples
// use and CI builds with.
//
// These are no samples beside the product but what every rehearsal runs.
package examples

import "embed"

// Prometheus is the directory prometheus.
//
//go:embed prometheus/amiship.yaml prometheus/packer prometheus/scripts
var Prometheus embed.FS
