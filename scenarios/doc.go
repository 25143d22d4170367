// Package scenarios holds what a user can type, run against the sandbox with
// the real program: scripts in testdata, and Go tests for what a script can't
// do, such as killing a run at every one of its calls.
//
// Nothing here links the product. The program is built once and run as a
// process, with a sandbox as another process.
package scenarios
