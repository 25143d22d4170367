package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
)

// several marks a command that takes --file several times, and --fleet.
const several = "amiship_several"

// catalogFiles is the flag --file: the first of them is the app's catalog.
type catalogFiles struct{ a *app }

func (f catalogFiles) String() string {
	if f.a == nil { // pflag asks for the zero value
		return ""
	}
	return f.a.file
}

func (f catalogFiles) Type() string { return "string" }

func (f catalogFiles) Set(text string) error {
	f.a.files = append(f.a.files, text)
	f.a.file = f.a.files[0]
	return nil
}

// The methods of pflag.SliceValue: what was typed is repeated value by value.
func (f catalogFiles) Append(text string) error { return f.Set(text) }
func (f catalogFiles) GetSlice() []string       { return slices.Clone(f.a.files) }
func (f catalogFiles) Replace(all []string) error {
	f.a.files = slices.Clone(all)
	f.a.file = cmp.Or(slices.Concat(all, []string{""})[0], catalog.File)
	return nil
}

// oneCatalog refuses a second --file where a command is about one, or names a fleet.
func (a *app) oneCatalog(cmd *cobra.Command) error {
	switch {
	case a.fleet != "" && len(a.files) > 0:
		return usage(errors.New("--fleet names the catalogs: leave --file out"))
	case len(a.files) > 1 && cmd.Annotations[several] == "":
		return usage(fmt.Errorf("%s takes one --file; status, serve and blockers take several", cmd.CommandPath()))
	}
	return nil
}

// fleetFlag adds --fleet to a command that takes several catalogs.
func (a *app) fleetFlag(cmd *cobra.Command) {
	cmd.Annotations[several] = "taken"
	cmd.Flags().StringVar(&a.fleet, "fleet", "", "read the catalogs of a fleet `FILE`")
}

const severalHelp = `
--file can be given several times, each as FILE or FILE@PROFILE: the profile is
that of its account, without one the environment's credentials are used. --fleet
names a file that lists catalogs and their accounts (docs/reference/fleet.md).
What projects of one account take from the same quota is counted once.`

// part is one of several catalogs, the clients of its account, and the command that was
// typed, as it would be for this catalog.
type part struct {
	bundle  *catalog.Bundle
	clients *awsapi.Clients
	typed   typedLine
}

// context has the command as it would be typed for this catalog.
func (p part) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, typedKey{}, p.typed)
}

// catalogSource is a catalog, and whose credentials AWS is read with.
type catalogSource struct {
	file    string
	account catalog.Account
}

// sources are the catalogs that were named.
func (a *app) sources() ([]catalogSource, error) {
	if a.fleet != "" {
		return fleetSources(a.fleet)
	}
	var out []catalogSource
	for _, text := range a.files {
		s := catalogSource{file: text}
		if file, profile, ok := cutProfile(text); ok {
			s = catalogSource{file, catalog.Account{Profile: profile}}
		}
		if s.file == "" {
			return nil, usage(fmt.Errorf("--file %q names no file", text))
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return []catalogSource{{file: a.file}}, nil
	}
	return out, nil
}

// cutProfile cuts FILE@PROFILE, unless there is a file of that whole name.
func cutProfile(text string) (file, profile string, ok bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || at == len(text)-1 || strings.Contains(text[at:], string(filepath.Separator)) {
		return text, "", false
	}
	if _, err := os.Stat(text); err == nil {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}

func fleetSources(path string) ([]catalogSource, error) {
	fleet, err := catalog.LoadFleet(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, usage(fmt.Errorf("--fleet %s: there is no such file", path))
	case err != nil:
		return nil, &exitError{codeCatalog, err}
	}
	var out []catalogSource
	for _, c := range fleet.Catalogs {
		out = append(out, catalogSource{c.File, fleet.Of(c)})
	}
	if len(out) == 0 {
		return nil, &exitError{codeCatalog, fmt.Errorf("%s: catalogs lists none", path)}
	}
	return out, nil
}

// parts loads the catalogs, each with the clients of its account. Accounts that are named the
// same way share theirs.
func (a *app) parts(ctx context.Context) ([]part, error) {
	sources, err := a.sources()
	if err != nil {
		return nil, err
	}
	var all []part
	shared := map[catalog.Account]*awsapi.Clients{}
	for _, s := range sources {
		there := *a
		there.file = s.file
		b, err := there.load()
		if err != nil {
			return nil, err
		}
		if err := apart(all, b); err != nil {
			return nil, usage(err)
		}
		clients := shared[s.account]
		if clients == nil {
			if clients, err = clientsOf(ctx, b.Catalog.Build.Region, s.account); err != nil {
				return nil, fmt.Errorf("%s: %w", s.file, err)
			}
			shared[s.account] = clients
		}
		all = append(all, part{b, clients, typedFor(ctx, s, len(sources) > 1)})
	}
	return all, nil
}

func clientsOf(ctx context.Context, region string, a catalog.Account) (*awsapi.Clients, error) {
	clients, err := awsapi.Load(ctx, region)
	if a.Profile != "" {
		clients, err = awsapi.LoadProfile(ctx, region, a.Profile)
	}
	if err != nil {
		return nil, err
	}
	return askedBy(ctx, clients.As(a.Role, a.ExternalID), nil)
}

// typedFor is the command that was typed, as it would be for one of several catalogs alone.
func typedFor(ctx context.Context, s catalogSource, among bool) typedLine {
	t := typedBy(ctx)
	if !among && s.account == (catalog.Account{}) {
		return t
	}
	t.profile, t.own = cmp.Or(s.account.Profile, t.profile), nil
	t.shared = append(slices.DeleteFunc(slices.Clone(t.shared), func(f typedFlag) bool { return f.name == fileFlag }), typedFlag{name: fileFlag, value: s.file})
	return t
}

// apart refuses two catalogs of a project with a region in common: each is shown with its own
// account's AMIs.
func apart(all []part, b *catalog.Bundle) error {
	for _, p := range all {
		if p.bundle.Catalog.Project != b.Catalog.Project {
			continue
		}
		for _, region := range allRegions(b.Catalog) {
			if slices.Contains(allRegions(p.bundle.Catalog), region) {
				return fmt.Errorf("%s and %s are both of the project %s, and both name %s", p.bundle.File, b.File, b.Catalog.Project, region)
			}
		}
	}
	return nil
}
