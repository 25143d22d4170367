package cloud

import (
	"testing"

	"pgregory.net/rapid"
)

func TestLike(t *testing.T) {
	for name, tc := range map[string]struct {
		pattern, text string
		want          bool
	}{
		"equal":                      {"abc", "abc", true},
		"case counts":                {"Abc", "abc", false},
		"star in the middle":         {"ubuntu/images/hvm-ssd*/jammy", "ubuntu/images/hvm-ssd-gp3/jammy", true},
		"star takes nothing":         {"ab*", "ab", true},
		"star alone":                 {"*", "", true},
		"question mark is one":       {"a?c", "abc", true},
		"question mark is not none":  {"a?c", "ac", false},
		"escaped star is a star":     {`a\*c`, "a*c", true},
		"escaped star is no pattern": {`a\*c`, "abc", false},
		"part is not the whole":      {"abc", "abcd", false},
		"two stars":                  {"*b*", "abc", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Like(tc.pattern, tc.text); got != tc.want {
				t.Errorf("Like(%q, %q) = %v", tc.pattern, tc.text, got)
			}
		})
	}
}

func TestLikeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.StringMatching(`[a-z/. -]{0,20}`).Draw(t, "text")
		if !Like(plain, plain) {
			t.Fatalf("%q does not match itself", plain)
		}
		cut := rapid.IntRange(0, len(plain)).Draw(t, "cut")
		if !Like(plain[:cut]+"*", plain) || !Like("*"+plain[cut:], plain) {
			t.Fatalf("%q is not matched by its halves with stars", plain)
		}
	})
}
