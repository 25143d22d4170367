//go:build data

package main

// The module is required for its data alone.
import _ "github.com/LeanerCloud/ec2-instances-info"
