// Command amiship releases Amazon Machine Images.
//
// There is nothing here. Package cli has the commands; and the sandbox starts
// its machines as copies of this program.
package main

import (
	"context"
	"os"

	"amiship/internal/cli"
)

// Set by the build: -ldflags "-X main.version=… -X main.commit=…".
var version, commit = "dev", "unknown"

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:],
		cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		cli.Version{Version: version, Commit: commit}))
}
