package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What is between these is written anew; the rest of the document is people's.
const (
	begins = "<!-- written by make bench -->"
	ends   = "<!-- end -->"
)

// keep writes the rows into the document. Where not all benches ran, or went well,
// the others' rows stay, if they are of this machine.
func keep(path string, under machine, rows []row, all bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("keep the table: %w", err)
	}
	head, rest, found := strings.Cut(string(text), begins)
	old, tail, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("keep the table: %s has no place for it", path)
	}
	lines := lines(rows)
	if !all {
		if strings.TrimSpace(old) != "" && !strings.Contains(old, under.name()) {
			return fmt.Errorf("%s is another machine's: not written, as it would be of two", path)
		}
		lines = merged(old, lines, rows)
	}
	table := strings.Join(append([]string{line(header()), line([]string{"--:", "---", "--:", "---", "---", "--:", "---"})}, lines...), "\n")
	out := head + begins + "\n\n" + under.String() + "\n\n" + table + "\n\n" + ends + tail
	if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
		return fmt.Errorf("keep the table: %w", err)
	}
	return nil
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

func lines(rows []row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, line(r.cells()))
	}
	return out
}

var numbered = regexp.MustCompile(`^\| (\d+) \|`)

// merged is the old table with the lines of the benches that ran now replaced.
func merged(old string, now []string, rows []row) []string {
	out := now
	for l := range strings.Lines(old) {
		l = strings.TrimSpace(l)
		m := numbered.FindStringSubmatch(l)
		if m != nil && !slices.ContainsFunc(rows, func(r row) bool { return strconv.Itoa(r.bench) == m[1] }) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(x, y string) int {
		return cmp.Compare(numbered.FindStringSubmatch(x)[1], numbered.FindStringSubmatch(y)[1])
	})
	return out
}

// machine is what the figures depend on.
type machine struct {
	cpu    string
	cores  int
	memory int    // GiB
	load   string // of the minute before
}

// thisMachine reads what Linux says of itself.
func thisMachine() machine {
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	mem, _ := os.ReadFile("/proc/meminfo")
	load, _ := os.ReadFile("/proc/loadavg")
	m := machine{cpu: after(string(cpu), "model name"), cores: strings.Count(string(cpu), "processor\t")}
	kib, _, _ := strings.Cut(after(string(mem), "MemTotal"), " ")
	n, _ := strconv.Atoi(kib)
	m.memory = (n + 1<<19) >> 20
	m.load, _, _ = strings.Cut(string(load), " ")
	return m
}

// after is what a file of lines "name: value" has for a name.
func after(text, name string) string {
	_, rest, _ := strings.Cut(text, name)
	value, _, _ := strings.Cut(rest, "\n")
	_, value, _ = strings.Cut(value, ":")
	return strings.TrimSpace(value)
}

// name tells machines apart.
func (m machine) name() string {
	return fmt.Sprintf("%s, %d cores, %d GiB", m.cpu, m.cores, m.memory)
}

func (m machine) String() string {
	return "Machine: " + m.name() + "; its load was " + m.load + " when the last of them began."
}
