package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestBasesAreNamed: the base of a build is named with its age, and how it differs from the
// last release's; a pattern that fits several systems is a note.
func TestBasesAreNamed(t *testing.T) {
	const now, older, other = "debian-12-amd64-20261108-2290", "debian-12-amd64-20261001-2250", "debian-11-amd64-20261001-2249"
	for what, c := range map[string]struct {
		last   string // of the last release
		named  string // in its tags; empty: an older Amiship has built it
		names  map[string]string
		change string
		note   string
	}{
		"the first release":  {"", "", map[string]string{"ami-base": now}, "", ""},
		"of the same family": {"ami-old", "", map[string]string{"ami-base": now, "ami-old": older}, "", ""},
		"the same":           {"ami-base", now, map[string]string{"ami-base": now}, "", ""},
		"of another family": {
			"ami-old", "",
			map[string]string{"ami-base": now, "ami-old": other},
			"the last release, v1.2.2, was built from " + other + ", of another family",
			"fits several families, of which the newest AMI is taken: debian-11-amd64-*, debian-12-amd64-*; ",
		},
		"no longer found":              {"ami-gone", "", map[string]string{"ami-base": now}, "the last release, v1.2.2, was built from ami-gone, which the pattern does not find", ""},
		"of the same family, and gone": {"ami-gone", older, map[string]string{"ami-base": now}, "", ""},
		"of another family, and gone":  {"ami-gone", other, map[string]string{"ami-base": now}, "the last release, v1.2.2, was built from " + other + ", of another family", ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			if c.last != "" {
				s.image("1.2.2", 20, func(i *world.Image) {
					i.Tags[record.TagBase] = record.TagValue(c.last)
					if c.named != "" {
						i.Tags[record.TagBaseName] = record.TagValue(c.named)
					}
				})
			}
			s.w.Bases["ce/amd64"] = known(s.w.Now, world.Base{ID: "ami-base", Name: now, Created: s.w.Now.Add(-24 * time.Hour), Names: c.names})
			p := s.plan()
			if len(p.Bases) != 1 || p.Bases[0].Name != now || p.Bases[0].ID != "ami-base" || p.Bases[0].Change != c.change || !p.Bases[0].Created.Before(p.Now) {
				t.Errorf("the base is %+v", p.Bases)
			}
			if next := reconcile.Bases(s.d, s.w); len(next) != 1 || next[0] != p.Bases[0] {
				t.Errorf("next, the base is %+v", next)
			}
			if notes := strings.Join(p.Notes, "\n"); strings.Contains(notes, "several families") != (c.note != "") || !strings.Contains(notes, c.note) {
				t.Errorf("notes %s", notes)
			}
		})
	}
}

// TestTheBaseOfAnEarlierRunIsNamed: what a run has built is named by what it has recorded.
func TestTheBaseOfAnEarlierRunIsNamed(t *testing.T) {
	for name, want := range map[string]string{"debian-12-amd64-20261108-2290": "debian-12-amd64-20261108-2290 (ami-old)", "": "ami-old"} {
		s := newStall(t)
		s.image("1.2.3", 1, func(i *world.Image) {
			i.Tags[record.TagBase] = record.TagValue("ami-old")
			if name != "" {
				i.Tags[record.TagBaseName] = record.TagValue(name)
			}
		})
		delete(s.w.Bases, "ce/amd64")
		if p := s.plan(); len(p.Bases) != 1 || p.Bases[0].Text(p.Now) != want {
			t.Errorf("the base is %+v, want %s", p.Bases, want)
		}
	}
}

// TestAnOlderVersionIsTheMostRecent: what is copied after a newer version is found first by
// who searches for the most recent AMI; it is said, with the command, until it is deprecated.
func TestAnOlderVersionIsTheMostRecent(t *testing.T) {
	for what, c := range map[string]struct {
		newer, own int // days old; -1: there is none
		deprecated bool
		says       string
	}{
		"the newest":            {-1, -1, false, ""},
		"to be copied":          {5, -1, false, "ce/amd64: its AMIs in us-east-1 are the most recent, though 1.3.0 is newer: who searches by a name with a wildcard gets 1.2.3; deprecate them once they are public"},
		"copied later":          {5, 1, false, "deprecate them at once: aws ec2 enable-image-deprecation --region us-east-1 --image-id ami-1 --deprecate-at \"$(date -u +%FT%TZ)\""},
		"copied before":         {1, 5, false, ""},
		"copied and deprecated": {5, 1, true, ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			if c.newer >= 0 {
				s.image("1.3.0", c.newer, nil)
			}
			if c.own >= 0 {
				s.image("1.2.3", c.own, func(i *world.Image) {
					i.Name = s.d.Variants[0].Name
					if c.deprecated {
						i.Deprecated = s.w.Now
					}
				})
			}
			notes := strings.Join(s.plan().Notes, "\n")
			if strings.Contains(notes, "most recent") != (c.says != "") || !strings.Contains(notes, c.says) {
				t.Errorf("notes %s, want %s", notes, c.says)
			}
		})
	}
}
