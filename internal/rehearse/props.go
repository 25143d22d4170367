package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"amiship/internal/catalog"
	"amiship/internal/release"
	"amiship/internal/source"
)

// props are what releases are rehearsed with: the catalog as its rehearsal
// changes it, and the packages that replace the real ones.
type props struct {
	desired  []release.Desired
	set      map[string]string // values of the catalog's vars
	own      map[string]string // environment that the catalog has for rehearsals
	env      []string          // environment of every command, own included
	work     string            // temporary files; empty: none
	world    string            // the sandbox's starting state, absolute; empty: none
	buyer    string            // account that buys what is listed; empty: none
	server   *packageServer    // nil: the real packages are used
	standins []Standin
}

// Standin is a package that is not the real one.
type Standin struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Program string `json:"program"`
}

// ErrServes says that a var can't be set: a rehearsal does that itself.
var ErrServes = errors.New("the rehearsal sets it to where its stand-ins are; --real-package leaves these out")

// prepare reads the catalog and makes the replacements.
func (r Rehearsal) prepare(ctx context.Context, rep *Report) (_ *props, err error) {
	b, err := catalog.Load(r.Catalog, r.Set)
	if err != nil {
		return nil, err
	}
	p := &props{set: maps.Clone(r.Set), env: environ()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if r.RealPackage {
		return p, p.resolve(b, r.Tags)
	}
	play := b.Catalog.Rehearsal
	p.own, p.set = play.Env, merged(play.Vars, r.Set)
	p.buyer = play.Buyer
	if play.World != "" && r.World == "" {
		p.world = filepath.Join(b.Dir, play.World)
		if _, err := os.Stat(p.world); err != nil {
			return nil, fmt.Errorf("rehearsal.world: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.own)) {
		p.env = append(p.env, name+"="+p.own[name])
	}
	if len(play.Standin) > 0 {
		return p, p.standIn(ctx, b, r, rep)
	}
	if b, err = catalog.Load(r.Catalog, p.set); err != nil {
		return nil, err
	}
	return p, p.resolve(b, r.Tags)
}

// withoutSecrets are the same for a process that is given none: neither what the
// catalog has for rehearsals, nor what this process may have under these names.
func (p *props) withoutSecrets() *props {
	bare := *p
	bare.env = slices.DeleteFunc(environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		_, secret := p.own[name]
		return secret
	})
	return &bare
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

func (p *props) resolve(b *catalog.Bundle, tags []string) error {
	for _, tag := range tags {
		d, err := catalog.Resolve(b, tag)
		if err != nil {
			return err
		}
		p.desired = append(p.desired, d)
	}
	return nil
}

// standIn resolves the releases at the address of a server, and has it serve
// what they want.
func (p *props) standIn(ctx context.Context, b *catalog.Bundle, r Rehearsal, rep *Report) (err error) {
	play, start := b.Catalog.Rehearsal, time.Now()
	if _, ok := r.Set[play.Serves]; ok {
		return fmt.Errorf("--set %s: %w", play.Serves, ErrServes)
	}
	if p.server, err = newPackageServer(); err != nil {
		return err
	}
	p.set[play.Serves] = p.server.url
	if b, err = catalog.Load(r.Catalog, p.set); err != nil {
		return err
	}
	if err := p.resolve(b, r.Tags); err != nil {
		return err
	}
	if p.work, err = os.MkdirTemp("", "amiship-standins-"); err != nil {
		return err
	}
	program := standin{
		name: play.Standin[0], dir: b.Dir, env: p.env,
		args: append([]string{filepath.Join(b.Dir, play.Standin[0])}, play.Standin[1:]...),
	}
	if err := p.makeAll(ctx, program, play.Serves); err != nil {
		return err
	}
	p.server.serve()
	rep.Standins = p.standins
	if len(p.standins) == 0 {
		return nil // every tag releases nothing
	}
	rep.add("stand-ins", fmt.Sprintf("made by %s, served at %s", program.name, p.server.url), start)
	return nil
}

// makeAll makes every package that the releases want, once each.
func (p *props) makeAll(ctx context.Context, program standin, serves string) error {
	for _, pkg := range p.packages() {
		at, ok := p.server.pathOf(pkg.URL)
		if !ok {
			return fmt.Errorf("package.url does not begin with {%s}, which rehearsal.serves names: nothing can stand in at %q", serves, pkg.URL)
		}
		var err error
		if p.server.headers, err = p.headers(ctx, pkg); err != nil {
			return err
		}
		program.work = filepath.Join(p.work, fmt.Sprint(len(p.standins)))
		file, err := program.make(ctx, path.Base(at))
		if err != nil {
			return err
		}
		if err := p.server.add(at, file); err != nil {
			return err
		}
		p.standins = append(p.standins, Standin{Name: path.Base(at), URL: pkg.URL, Program: program.name})
	}
	return nil
}

// packages are those that the releases want, each once, sorted by address.
func (p *props) packages() []release.Package {
	byURL := map[string]release.Package{}
	for _, d := range p.desired {
		for _, v := range d.Variants {
			byURL[v.Build.Package.URL] = v.Build.Package
		}
	}
	var out []release.Package
	for _, address := range slices.Sorted(maps.Keys(byURL)) {
		out = append(out, byURL[address])
	}
	return out
}

// headers are what a release will send with its requests.
func (p *props) headers(ctx context.Context, pkg release.Package) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(pkg.Headers)) {
		value, err := p.secret(ctx, pkg.Headers[name])
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		out[name] = string(value)
	}
	return out, nil
}

// secret is what the release will find, in the environment that it is given.
func (p *props) secret(ctx context.Context, s release.Secret) ([]byte, error) {
	if value, ok := p.own[s.Env]; ok {
		return []byte(value), nil
	}
	if len(s.Command) == 0 {
		return source.Secret(ctx, s)
	}
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Env = p.env
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.Describe(s), err)
	}
	return bytes.TrimRight(out, "\r\n"), nil
}

// setFlags hands the vars on to a command. The flag reads CSV, quotes and all,
// only where it sees more than one "=": so each is given twice.
func (p *props) setFlags() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.set)) {
		field := `"` + strings.ReplaceAll(name+"="+p.set[name], `"`, `""`) + `"`
		out = append(out, "--set", field+","+field)
	}
	return out
}

// close ends the server and removes the replacements.
func (p *props) close() error {
	var err error
	if p.server != nil {
		err = p.server.close()
	}
	if p.work != "" {
		err = errors.Join(err, os.RemoveAll(p.work))
	}
	return err
}
