package scan

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// units lists the directories that systemd searches, the strongest first.
func units() []string {
	return []string{"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
}

// socket returns the file of a socket that systemd opens when a machine starts,
// or nothing.
func (l *look) socket(unit string) (string, error) {
	wanted := false
	for _, dir := range units() {
		is, err := l.there(path.Join(dir, "sockets.target.wants", unit))
		if err != nil {
			return "", err
		}
		wanted = wanted || is
	}
	for _, dir := range units() {
		file := path.Join(dir, unit)
		is, err := l.there(file)
		if err != nil {
			return "", err
		}
		if !wanted || !is {
			continue
		}
		if _, ok, err := l.read(file); !ok { // masked: it is a link to /dev/null
			return "", err
		}
		return file, nil
	}
	return "", nil
}

// generator is Ubuntu's: before units are started it writes a drop-in for what
// sshd_config says of ports, if it says anything.
const (
	generator = "/usr/lib/systemd/system-generators/sshd-socket-generator"
	generated = "addresses.conf"
)

// streams returns the ports of a socket and its drop-ins, which come in the
// order of their names, whichever directory they are in.
func (l *look) streams(unit, file string, c *config) ([]int, error) {
	dropIns, err := l.dropIns(unit)
	if err != nil {
		return nil, err
	}
	info, err := l.stat(generator)
	if err != nil {
		return nil, err
	}
	if runs(info) && dropIns[generated] == "" && len(c.ports)+len(c.addresses) > 0 {
		dropIns[generated] = generator
	}
	text, _, err := l.read(file)
	ports := listens(nil, text)
	for _, name := range slices.Sorted(maps.Keys(dropIns)) {
		if dropIns[name] == generator {
			ports = c.listening()
			continue
		}
		text, _, failed := l.read(dropIns[name])
		err = errors.Join(err, failed)
		ports = listens(ports, text)
	}
	return ports, err
}

// dropIns returns the strongest file of each name.
func (l *look) dropIns(unit string) (map[string]string, error) {
	all := map[string]string{}
	for _, dir := range slices.Backward(units()) {
		files, err := l.glob(path.Join(dir, unit+".d", "*.conf"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			all[path.Base(file)] = file
		}
	}
	return all, nil
}

// listens returns the ports after a unit's text. An empty ListenStream resets
// earlier ones.
func listens(ports []int, text string) []int {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.TrimSpace(value)
		if strings.TrimSpace(key) != "ListenStream" {
			continue
		}
		if value == "" {
			ports = nil
			continue
		}
		host, port := address(value)
		if n, err := strconv.Atoi(value); err == nil {
			host, port = "", n
		}
		if port != 0 && !loopback(host) {
			ports = append(ports, port)
		}
	}
	return ports
}
