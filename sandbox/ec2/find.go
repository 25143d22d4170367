package ec2

import (
	"iter"
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// way leads to ids in their order, from one on: to all that a list may show, and perhaps others.
type way struct {
	ids   func(first string) iter.Seq[string]
	count int // of ids, about
}

// narrowest is the way to the fewest ids.
func narrowest(first way, more ...way) way {
	for _, w := range more {
		if w.count < first.count {
			first = w
		}
	}
	return first
}

// saying is the way to those who say one of the words.
func saying[T any](c *wire.Call, ix cloud.Index[T], words ...string) way {
	return way{count: ix.Count(c.Tx, c.Region, words...), ids: func(first string) iter.Seq[string] {
		return keysOf(ix.From(c.Tx, c.Region, first, words...))
	}}
}

func keysOf[T any](all iter.Seq2[string, T]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range all {
			if !yield(k) {
				return
			}
		}
	}
}

// maxPatterns is how many words a pattern may match: beyond, a walk through all is no longer.
const maxPatterns = 1000

const patternChars = `*?\`

// spelled are the words that begin with a prefix and end as one of a filter's values does, which
// may be patterns. There may be too many.
func spelled[T any](c *wire.Call, ix cloud.Index[T], prefix string, values []string) (words []string, few bool) {
	for _, v := range values {
		literal := strings.IndexAny(v, patternChars)
		if literal < 0 {
			words = append(words, prefix+v)
			continue
		}
		for w := range ix.Words(c.Tx, c.Region, prefix+v[:literal], "") {
			if !cloud.Like(v, w[len(prefix):]) {
				continue
			}
			if words = append(words, w); len(words) > maxPatterns {
				return nil, false
			}
		}
	}
	return words, true
}

// isPattern reports whether a filter's value may match others.
func isPattern(value string) bool { return strings.ContainsAny(value, patternChars) }

// listed is the way to ids that are known.
func listed(ids []string) way {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	return way{count: len(ids), ids: func(first string) iter.Seq[string] {
		return slices.Values(ids[sortedFrom(ids, first):])
	}}
}

func sortedFrom(ids []string, first string) int {
	i, _ := slices.BinarySearch(ids, first)
	return i
}

// waysOf are those that filters open: says has the beginning of the words that a
// filter's values are in the index, and kind is that of the tags.
func waysOf[T any](c *wire.Call, ix cloud.Index[T], says map[string]string, kind string, asked []filter) []way {
	var out []way
	for _, f := range asked {
		if prefix, known := says[f.Name]; known {
			if words, few := spelled(c, ix, prefix, f.Values); few {
				out = append(out, saying(c, ix, words...))
			}
			continue
		}
		if w, few := tagWay(c, f, kind); few {
			out = append(out, w)
		}
	}
	return out
}

// tagWay is the way that a filter of tags opens to those of the kinds that the caller tagged.
func tagWay(c *wire.Call, f filter, kinds ...string) (_ way, few bool) {
	var words []string
	for _, kind := range kinds {
		more, few := tagWords(c, f, kind)
		if !few {
			return way{}, false
		}
		words = append(words, more...)
	}
	w := saying(c, tagIndex, words...)
	keys, own := w.ids, c.Account.ID+"/"
	w.ids = func(first string) iter.Seq[string] {
		return func(yield func(string) bool) {
			keys(own + first)(func(key string) bool { return yield(strings.TrimPrefix(key, own)) })
		}
	}
	return w, true
}

// tagWords are the words of the tags that a filter asks for.
func tagWords(c *wire.Call, f filter, kind string) (words []string, few bool) {
	key, isTag := strings.CutPrefix(f.Name, "tag:")
	switch {
	case isTag:
		return spelled(c, tagIndex, tagWord(c.Account.ID, kind, key, ""), f.Values)
	case f.Name == "tag-value", f.Name == "value":
		return spelled(c, tagIndex, tagWord(c.Account.ID, kind, "", ""), f.Values)
	case f.Name != "tag-key" && f.Name != "key" || slices.ContainsFunc(f.Values, isPattern):
		return nil, false
	}
	for _, v := range f.Values {
		more, few := spelled(c, tagIndex, tagWord(c.Account.ID, kind, v, ""), []string{"*"})
		if !few {
			return nil, false
		}
		words = append(words, more...)
	}
	return words, true
}
