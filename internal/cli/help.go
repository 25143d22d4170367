package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// width is of every screen of help, in columns.
const width = 80

// group is a heading of `amiship --help`, with its commands.
type group struct {
	title    string
	commands []*cobra.Command
}

func groups(a *app) []group {
	return []group{
		{"Release", []*cobra.Command{planCommand(a), releaseCommand(a), statusCommand(a), serveCommand(a), reportCommand(a), verifyCommand(a), historyCommand(a), listingsCommand(a)}},
		{"Blockers", []*cobra.Command{blockersCommand(a), explainCommand(a), unblockCommand(a), waiveCommand(a)}},
		{"Lifecycle", []*cobra.Command{
			retireCommand(a), withdrawCommand(a), repairCommand(a), sweepCommand(a), pauseCommand(a), resumeCommand(a),
		}},
		{"Rehearse", []*cobra.Command{rehearseCommand(a), sandboxCommand(a), probeCommand(a)}},
		{setUp, []*cobra.Command{
			initCommand(a), checkCommand(a), adoptCommand(a), pipelineCommand(a), iamCommand(a), schemaCommand(a), versionCommand(a),
		}},
	}
}

// synonyms are other words for commands, which are suggested for them.
func synonyms() map[string][]string {
	return map[string][]string{
		"release": {"run", "build", "publish", "deploy"}, "status": {"list", "ls", "show"}, "verify": {"audit", "diff", "drift"},
		"history": {"log", "events"}, "serve": {"dashboard", "web", "ui"}, "report": {"html", "export"}, "explain": {"why"}, "unblock": {"resolve", "remedy"}, "retire": {"prune", "expire", "deprecate", "deregister"},
		"withdraw": {"recall", "yank", "rollback", "unpublish"}, "repair": {"fix", "restore"}, "sweep": {"clean", "cleanup", "gc"},
		"pause": {"hold", "freeze"}, "resume": {"unpause", "continue"}, "rehearse": {"simulate", "test"}, "adopt": {"import"},
		"probe": {"measure", "ask", "conformance"}, "check": {"validate", "lint", "doctor"}, "init": {"new", "create"}, "iam": {"policy", "permissions"},
	}
}

// setUp is the group of the commands that cobra makes, too.
const setUp = "Set up"

// addCommands adds the commands and the topics to the root.
func addCommands(root *cobra.Command, all []group) {
	for _, g := range all {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, cmd := range g.commands {
			cmd.GroupID, cmd.SuggestFor = g.title, synonyms()[cmd.Name()]
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(topics()...)
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID(setUp)
	root.SetCompletionCommandGroupID(setUp)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	typeErrors(root)
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | TOPIC]", Short: "Explain a command or a topic",
		Long: "Help explains a command or a topic. amiship --help lists both.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownName("help for", strings.Join(args, " "), helpNames(found))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// helpNames are what there is help for, below a command.
func helpNames(cmd *cobra.Command) []string {
	if !cmd.HasSubCommands() {
		cmd = cmd.Root()
	}
	return commandNames(cmd)
}

// writeHelp writes what a command does, and how it is used.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintln(w, strings.TrimSpace(text))
	if cmd.Runnable() || cmd.HasSubCommands() {
		writeUsage(w, cmd)
	}
}

func writeUsage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "\nUsage:\n  %s\n", useLine(cmd))
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	for _, g := range cmd.Groups() {
		writeCommands(w, g.Title, cmd, func(sub *cobra.Command) bool { return sub.GroupID == g.ID })
	}
	writeCommands(w, "Commands", cmd, func(sub *cobra.Command) bool { return sub.GroupID == "" && sub.Runnable() })
	writeCommands(w, "Help topics", cmd, func(sub *cobra.Command) bool { return !sub.Runnable() && !sub.HasSubCommands() })
	writeFlags(w, "Flags", localFlags(cmd))
	writeFlags(w, "Global flags", shownGlobals(cmd))
	if !cmd.HasParent() {
		fmt.Fprintln(w, "\namiship COMMAND --help explains a command, amiship help TOPIC a topic.")
	}
}

// useLine is how a command is used, on one line or two.
func useLine(cmd *cobra.Command) string {
	if !cmd.HasParent() || !cmd.Runnable() || cmd.HasSubCommands() && !hasFlags(cmd) {
		return cmd.CommandPath() + " COMMAND [flags]"
	}
	return cmd.UseLine()
}

// hasFlags reports whether a command has flags of its own besides --help.
func hasFlags(cmd *cobra.Command) (has bool) {
	localFlags(cmd).VisitAll(func(f *pflag.Flag) { has = has || f.Name != "help" })
	return has
}

func writeCommands(w io.Writer, title string, cmd *cobra.Command, listed func(*cobra.Command) bool) {
	var rows [][2]string
	for _, sub := range cmd.Commands() {
		if listed(sub) && !sub.Hidden {
			rows = append(rows, [2]string{sub.Name(), sub.Short})
		}
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "\n%s:\n%s", title, columns(rows))
	}
}

func localFlags(cmd *cobra.Command) *pflag.FlagSet {
	if !cmd.HasParent() { // there, the global ones are local
		return cmd.LocalNonPersistentFlags()
	}
	return cmd.LocalFlags()
}

func writeFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	if flags.HasAvailableFlags() {
		fmt.Fprintf(w, "\n%s:\n%s", title, flags.FlagUsagesWrapped(width))
	}
}

// columns lays out names and what they mean, in two columns of a screen.
func columns(rows [][2]string) string {
	longest := slices.MaxFunc(rows, func(a, b [2]string) int { return len(a[0]) - len(b[0]) })
	indent := len(longest[0]) + len("    ")
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "  %-*s", indent-len("  "), row[0])
		b.WriteString(wrap(row[1], indent))
		b.WriteByte('\n')
	}
	return b.String()
}

// wrap breaks a text at the width of a screen; lines after the first are indented.
func wrap(text string, indent int) string {
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}
