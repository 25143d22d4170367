package cli

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/history"
	"amiship/internal/plan"
	"amiship/internal/terminal"
)

// completesWithin is how long a person waits for what a shell completes.
const completesWithin = 5 * time.Second

// completer says what fits at a place of the command line; nothing, if it can't be found out.
type completer func(ctx context.Context, cmd *cobra.Command) []string

// completions has shells complete what commands take.
func (a *app) completions(root *cobra.Command) {
	tags, regions, listings := completer(a.someTags), completer(a.someRegions), completer(a.someListings)
	arguments := map[string]completer{
		"release": tags, "plan": tags, "blockers": tags, "check": tags, "explain": tags, "history": tags, "rehearse": tags, "repair": tags, "status": tags,
		"verify": tags, "withdraw": tags, "waive": regions, "listings": listings, "unblock": a.someBlockers,
	}
	flags := map[string]completer{
		"tag": tags, "region": regions, "arch": some(catalog.AMD64, catalog.ARM64), "color": some(terminal.Auto, terminal.Always, terminal.Never),
		"progress": some(progressAuto, progressLive, progressPlain, progressJSON),
	}
	for _, cmd := range root.Commands() {
		if complete, takes := arguments[cmd.Name()]; takes {
			cmd.ValidArgsFunction = complete.words
		}
		for name, complete := range flags {
			if cmd.Flags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, complete.words) // the flag is there, and registered once
			}
		}
	}
	_ = root.RegisterFlagCompletionFunc("color", flags["color"].words) // the flag is there, and registered once
	for _, cmd := range root.Commands() {
		if cmd.Name() == "release" {
			_ = cmd.RegisterFlagCompletionFunc("until", completer(someStages).words) // the flag is there, and registered once
		}
	}
}

// words is complete as a shell's question is answered.
func (c completer) words(cmd *cobra.Command, given []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completesWithin)
	defer cancel()
	fits := slices.DeleteFunc(c(ctx, cmd), func(word string) bool { return slices.Contains(given, word) || !strings.HasPrefix(word, begun) })
	return fits, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// some are always the same words.
func some(words ...string) completer {
	return func(context.Context, *cobra.Command) []string { return slices.Clone(words) }
}

func someStages(context.Context, *cobra.Command) (out []string) {
	for _, u := range plan.Stages() {
		out = append(out, string(u))
	}
	return out
}

// someTags are the tags of the repository that are releases of the catalog.
func (a *app) someTags(ctx context.Context, _ *cobra.Command) []string {
	b, err := catalog.Load(a.file, a.set)
	if err != nil {
		return nil
	}
	tags, err := history.Tags(ctx, filepath.Dir(a.file))
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(tags, func(tag string) bool {
		d, err := catalog.Resolve(b, tag)
		return err != nil || d.Skip != ""
	})
}

func (a *app) someRegions(context.Context, *cobra.Command) []string {
	b, err := catalog.Load(a.file, a.set)
	if err != nil {
		return nil
	}
	return slices.Concat(b.Catalog.Regions.Required, b.Catalog.Regions.BestEffort)
}

func (a *app) someListings(context.Context, *cobra.Command) []string {
	b, err := catalog.Load(a.file, a.set)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(b.Catalog.Listings))
}

// someBlockers are those of the release that is named, or else of the newest; AWS is asked.
func (a *app) someBlockers(ctx context.Context, cmd *cobra.Command) (out []string) {
	tag, _ := cmd.Flags().GetString("tag")
	if tags := a.someTags(ctx, cmd); tag == "" && len(tags) > 0 {
		tag = tags[0]
	}
	d, err := a.desired(tag)
	if err != nil {
		return nil
	}
	p, _, err := look(ctx, d, reconciling(d))
	if err != nil {
		return nil
	}
	for _, b := range p.Blockers {
		out = append(out, b.ID)
	}
	return out
}
