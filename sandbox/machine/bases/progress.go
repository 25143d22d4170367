package bases

import (
	"os"
	"path/filepath"
	"strings"
)

// usualPackages is about how many packages a base has: those that were built had 217 to 226.
const usualPackages = 220

// Progress estimates how much of a base is there, from 0 to 1: of its packages, those that
// are unpacked count half, those that are configured whole.
func (s *Store) Progress(layer string) float64 {
	r, err := find(layer)
	if err != nil {
		return 0
	}
	if _, ok := s.built(r); ok {
		return 1
	}
	most := 0.0
	for _, r := range append([]recipe{r}, r.standIns()...) {
		most = max(most, installed(filepath.Join(s.path(r)+".new", "root/var/lib/dpkg")))
	}
	return most
}

// installed reads what dpkg keeps of packages while it works: a file of all, and one
// more for each change since that was written.
func installed(dir string) float64 {
	changes, _ := filepath.Glob(filepath.Join(dir, "updates", "[0-9]*")) // the pattern is right
	states, name := map[string]string{}, ""
	for _, file := range append([]string{filepath.Join(dir, "status")}, changes...) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it is written anew, or not there yet
		}
		for line := range strings.Lines(string(text)) {
			if p, ok := strings.CutPrefix(line, "Package: "); ok {
				name = strings.TrimSpace(p)
			} else if words := strings.Fields(line); len(words) == 4 && words[0] == "Status:" {
				states[name] = words[3]
			}
		}
	}
	halves := 0
	for _, state := range states {
		switch state {
		case "installed", "triggers-awaited", "triggers-pending":
			halves += 2
		case "unpacked", "half-configured":
			halves++
		}
	}
	return min(float64(halves)/(2*usualPackages), 0.99)
}
