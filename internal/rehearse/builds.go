package rehearse

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// memoryEach is the memory that a build machine may need, in KiB.
const memoryEach = 1 << 20

// builds is how many machines work at once: one for each processor, at least
// two since they often wait, and at most as many as there is memory for.
func (r Rehearsal) builds() int {
	if r.Builds > 0 {
		return r.Builds
	}
	n := max(2, runtime.NumCPU())
	if free, ok := available(); ok {
		n = min(n, int(free/memoryEach))
	}
	return max(1, n)
}

// available is the memory that is free for new programs, in KiB, where the
// system says it.
func available() (kib int64, ok bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if n, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 && err == nil {
			return kib, true
		}
	}
	return 0, false
}
