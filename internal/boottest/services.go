package boottest

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// listening notes the ports on which others reach an instance, and of which the catalog
// says nothing; empty: there are none.
func (v *visit) listening(ctx context.Context) string {
	if v.shell == nil {
		return ""
	}
	res, err := v.shell.run(ctx, "sudo ss -H -l -n -t -u -p")
	if err != nil {
		return ""
	}
	var unnamed []string
	named := append([]Range{{22, 22}}, v.test.Ports...)
	for _, c := range v.test.Checks {
		named = append(named, Range{c.FromOutside(), c.FromOutside()})
	}
	for line := range strings.Lines(res.out) {
		port, ok := portOf(strings.Fields(line))
		if ok && !slices.ContainsFunc(named, port.in) && !v.test.allowed(port.name()) {
			unnamed = append(unnamed, port.name()+port.of)
		}
	}
	if len(unnamed) == 0 {
		return ""
	}
	slices.Sort(unnamed)
	return "the image listens where the catalog names no port: " + strings.Join(slices.Compact(unnamed), ", ")
}

// port is one that listens; of is by which process, if that is known.
type port struct {
	protocol string
	number   int
	of       string
}

func (p port) name() string { return fmt.Sprintf("%s/%d", p.protocol, p.number) }

func (p port) in(r Range) bool { return r.From <= p.number && p.number <= r.To }

// process is the first of a port, as ss prints it.
var process = regexp.MustCompile(`"([^"]+)"`)

// portOf reads a line of ss; ok is false for a port that only the instance itself
// reaches, and for a client of DHCP.
func portOf(fields []string) (p port, ok bool) {
	if len(fields) < 5 {
		return p, false
	}
	host, number, err := net.SplitHostPort(fields[4])
	if err != nil {
		return p, false
	}
	host, _, _ = strings.Cut(host, "%")
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return p, false
	}
	p.protocol = fields[0]
	if p.number, err = strconv.Atoi(number); err != nil || p.protocol == "udp" && (p.number == 68 || p.number == 546) {
		return p, false
	}
	if m := process.FindStringSubmatch(strings.Join(fields[5:], " ")); m != nil {
		p.of = " (" + m[1] + ")"
	}
	return p, true
}

// unit is one that a command of systemctl asks about.
var unit = regexp.MustCompile(`systemctl\s+(?:--?\S+\s+)*(?:is-active|is-failed|status|show)\s+(?:--?\S+\s+)*([\w@.\\:-]+)`)

// services are the units that failed, and those that a check asked about in vain, each
// with the last lines of its journal.
func (v *visit) services(ctx context.Context) (out []Failure) {
	if v.shell == nil {
		return nil
	}
	var units []string
	if res, err := v.shell.run(ctx, "systemctl list-units --state failed --plain --no-legend"); err == nil {
		for line := range strings.Lines(res.out) {
			if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(fields[0], "cloud-") { // cloud-init says it itself
				units = append(units, strings.TrimSuffix(fields[0], ".service"))
			}
		}
	}
	for _, f := range v.failures {
		if m := unit.FindStringSubmatch(f.Check); m != nil {
			units = append(units, strings.TrimSuffix(m[1], ".service"))
		}
	}
	slices.Sort(units)
	for _, u := range slices.Compact(units) {
		if why := v.service(ctx, u); why != "" {
			out = append(out, Failure{v.machine.ID, "service " + u, why})
		}
	}
	return out
}

// service says in which state a unit is, and how its journal ends.
func (v *visit) service(ctx context.Context, name string) string {
	res, err := v.shell.run(ctx, fmt.Sprintf("systemctl show --property=ActiveState,SubState,Result,ExecMainStatus,UnitFileState %[1]s; echo; sudo journalctl --no-pager --boot --output cat --lines 8 --unit %[1]s", name))
	if err != nil || res.out == "" {
		return ""
	}
	shown, journal, _ := strings.Cut(res.out, "\n\n")
	is := map[string]string{}
	for line := range strings.Lines(shown) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		is[key] = value
	}
	why := fmt.Sprintf("is %s (%s)", is["ActiveState"], is["SubState"])
	if is["ActiveState"] == "failed" {
		why += fmt.Sprintf(", %s, status %s", is["Result"], is["ExecMainStatus"])
	}
	if is["UnitFileState"] == "disabled" {
		why += ", and disabled: nothing starts it at boot (systemctl enable " + name + ")"
	}
	if said := v.said(result{out: journal}); said != "" {
		why += "; its journal ends: " + said
	}
	return why
}
