package scan

import (
	"errors"
	"path"
	"strings"
)

const (
	configFile  = "/etc/ssh/sshd_config"
	maxIncludes = 16 // of files in files, as in sshd
)

// errIncludes is what sshd ends with as well.
var errIncludes = errors.New("files include each other without end")

// setting is a value and its position.
type setting struct {
	value string // empty: it is not set
	path  string
	line  int
}

// block holds sshd's settings for all, or for those who meet a condition.
type block struct {
	condition string // the text after Match; empty: for all
	set       map[string]setting
}

// config is what sshd reads, by keywords in small letters.
type config struct {
	everybody block
	matched   []block
	ports     []setting // all count, not only the first
	addresses []setting
}

// get returns the value for all, or else sshd's default.
func (c *config) get(keyword, otherwise string) setting {
	if s, ok := c.everybody.set[keyword]; ok {
		return s
	}
	return setting{value: otherwise, path: configFile}
}

// block returns the one with a condition. Of two with the same the first wins,
// so they are one.
func (c *config) block(condition string) block {
	if condition == "" {
		return c.everybody
	}
	for _, b := range c.matched {
		if b.condition == condition {
			return b
		}
	}
	b := block{condition, map[string]setting{}}
	c.matched = append(c.matched, b)
	return b
}

// sshdConfig reads the configuration and all that it includes, or nil if there
// is none: sshd does not run without.
func (t tree) sshdConfig() (*config, error) {
	c := &config{everybody: block{set: map[string]setting{}}}
	if info, err := t.stat(configFile); err != nil || info == nil {
		return nil, err
	}
	return c, t.include(c, configFile, "", 0)
}

// include reads a file for those whom a condition holds. A Match in it ends with
// the file, and what comes then in the file that included it is as before.
func (t tree) include(c *config, file, condition string, depth int) error {
	if depth > maxIncludes {
		return errIncludes
	}
	text, _, err := t.read(file)
	if err != nil {
		return err
	}
	within, number := condition, 0
	for line := range strings.Lines(text) {
		number++
		keyword, args := directive(line)
		switch {
		case len(args) == 0:
		case keyword == "match":
			within = join(condition, args)
		case keyword == "include":
			err = t.includeAll(c, args, within, depth+1)
		default:
			c.put(within, keyword, setting{strings.ToLower(args[0]), file, number})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put records a setting if none precedes it.
func (c *config) put(condition, keyword string, s setting) {
	switch keyword {
	case "port":
		c.ports = append(c.ports, s)
	case "listenaddress":
		c.addresses = append(c.addresses, s)
	default:
		set := c.block(condition).set
		if _, ok := set[keyword]; !ok {
			set[keyword] = s
		}
	}
}

func (t tree) includeAll(c *config, patterns []string, condition string, depth int) error {
	for _, pattern := range patterns {
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(configFile), pattern)
		}
		files, err := t.glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := t.include(c, file, condition, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// join returns the condition of a Match in a file that is read under another.
// "Match all" is none: it ends a Match before it.
func join(condition string, args []string) string {
	if len(args) == 1 && strings.EqualFold(args[0], "all") {
		return condition
	}
	return strings.TrimSpace(condition + " " + strings.Join(args, " "))
}

// directive takes a line apart. Between the keyword and what follows there may
// be one =; what follows may be quoted, and may end with a comment.
func directive(line string) (keyword string, args []string) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t=")
	if end < 0 || line[0] == '#' {
		return "", nil
	}
	keyword = strings.ToLower(strings.Trim(line[:end], `"`))
	if keyword == "challengeresponseauthentication" || keyword == "skeyauthentication" {
		keyword = "kbdinteractiveauthentication" // other names of the same
	}
	rest := strings.TrimLeft(line[end:], " \t")
	return keyword, words(strings.TrimPrefix(rest, "="))
}

// words splits at blanks outside of quotes, up to a comment.
func words(text string) (all []string) {
	for text = strings.TrimLeft(text, " \t"); text != "" && text[0] != '#'; text = strings.TrimLeft(text, " \t") {
		end, from := strings.IndexAny(text, " \t"), 0
		if quote := text[0]; quote == '"' || quote == '\'' {
			text, from = text[1:], 1
			end = strings.IndexByte(text, quote)
		}
		if end < 0 {
			return append(all, text)
		}
		all = append(all, text[:end])
		text = text[end+from:]
	}
	return all
}
