package cloud

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/google/btree"
)

// Index finds the values of a table by words that they say of themselves, as their owner or
// their name. A table has one index at most, so words of different kinds begin differently.
// What the index of a partition holds is made when it is first asked there, and kept from then on.
type Index[T any] struct {
	table Table[T]
	words func(key string, v T) []string
}

// NewIndex makes the index of a table. Words must follow from key and value alone.
func NewIndex[T any](t Table[T], words func(key string, v T) []string) Index[T] {
	return Index[T]{t, words}
}

// All yields the values that say one of the words, in the order of their keys.
func (ix Index[T]) All(tx *Tx, p string, words ...string) iter.Seq2[string, T] {
	return ix.From(tx, p, "", words...)
}

// From is All from a key on.
func (ix Index[T]) From(tx *Tx, p, first string, words ...string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		pt := tx.store.part(ix.table.name, p, false)
		if pt == nil {
			return
		}
		for k, v := range ix.table.walk(tx, pt, ix.keys(tx, pt, first, words)) {
			if (tx.write || !tx.then.IsZero()) && !ix.says(k, v, words) { // it did, at another moment
				continue
			}
			if !yield(k, v) {
				return
			}
		}
	}
}

// keys are those of the values that say one of the words, and perhaps of others.
func (ix Index[T]) keys(tx *Tx, pt *part, first string, words []string) iter.Seq[string] {
	if !tx.then.IsZero() {
		return pt.known(tx, first)
	}
	return ix.of(pt).keys(tx.write, first, words)
}

func (ix Index[T]) says(key string, v T, words []string) bool {
	return slices.ContainsFunc(ix.words(key, v), func(w string) bool { return slices.Contains(words, w) })
}

// Count is how many values say each of the words, added up.
func (ix Index[T]) Count(tx *Tx, p string, words ...string) int {
	pt := tx.store.part(ix.table.name, p, false)
	if pt == nil {
		return 0
	}
	n, all := 0, ix.of(pt)
	for _, w := range words {
		if said := all.said[w]; said != nil {
			n += said.count
		}
	}
	return n
}

// Words yields what is said that begins with a prefix, from a word on, in order.
func (ix Index[T]) Words(tx *Tx, p, prefix, first string) iter.Seq[string] {
	return func(yield func(string) bool) {
		pt := tx.store.part(ix.table.name, p, false)
		if pt == nil {
			return
		}
		if !tx.then.IsZero() {
			ix.wordsThen(tx, p, prefix, first)(yield)
			return
		}
		all := ix.of(pt)
		for at := max(prefix, first); ; at += "\x00" {
			all.set.AscendGreaterOrEqual(entry{at, ""}, func(e entry) bool { at = e.word; return false })
			if all.said[at] == nil || !strings.HasPrefix(at, prefix) || !yield(at) {
				return
			}
		}
	}
}

// wordsThen is Words of an earlier moment, of which there is no index.
func (ix Index[T]) wordsThen(tx *Tx, p, prefix, first string) iter.Seq[string] {
	all := map[string]bool{}
	for k, v := range ix.table.All(tx, p) {
		for _, w := range ix.words(k, v) {
			if w >= first && strings.HasPrefix(w, prefix) {
				all[w] = true
			}
		}
	}
	return slices.Values(slices.Sorted(maps.Keys(all)))
}

// of is the index of a partition. Readers make it side by side with others that read.
func (ix Index[T]) of(pt *part) *index {
	pt.indexing.Lock()
	defer pt.indexing.Unlock()
	if pt.index == nil {
		all := &index{
			words: func(key string, c *cell) []string { return ix.words(key, ix.table.typed(c)) },
			set:   btree.NewG(degree, func(a, b entry) bool { return a.word < b.word || a.word == b.word && a.key < b.key }),
			said:  map[string]*saying{},
		}
		all.fill(pt)
		pt.index = all
	}
	return pt.index
}

// index is what the values of one partition say.
type index struct {
	words func(string, *cell) []string
	set   *btree.BTreeG[entry]
	said  map[string]*saying
}

type entry struct{ word, key string }

// saying is a word that is kept once, however many say it.
type saying struct {
	word  string
	count int
}

// fill notes what all values of a partition say, word by word: much faster than add for each.
func (ix *index) fill(pt *part) {
	said := map[string][]string{}
	pt.keys.Ascend(func(key string) bool {
		for _, w := range ix.words(key, pt.vals[key]) {
			said[w] = append(said[w], key)
		}
		return true
	})
	for _, w := range slices.Sorted(maps.Keys(said)) {
		keys := slices.Compact(said[w])
		ix.said[w] = &saying{w, len(keys)}
		for _, k := range keys {
			ix.set.ReplaceOrInsert(entry{w, k})
		}
	}
}

// add notes what a new value says.
func (ix *index) add(key string, c *cell) {
	for _, w := range ix.words(key, c) {
		s := ix.said[w]
		if s == nil {
			s = &saying{word: w}
			ix.said[w] = s
		}
		if _, twice := ix.set.ReplaceOrInsert(entry{s.word, key}); !twice {
			s.count++
		}
	}
}

// drop forgets what a value said.
func (ix *index) drop(key string, c *cell) {
	for _, w := range ix.words(key, c) {
		if _, found := ix.set.Delete(entry{w, key}); !found {
			continue // it said so twice
		}
		if s := ix.said[w]; s.count > 1 {
			s.count--
		} else {
			delete(ix.said, w)
		}
	}
}

// fewWords is how many words the next key is sought of, one by one.
const fewWords = 8

// keys yields the keys of those who say one of the words, in order. Who changes the store
// meanwhile walks what was there at first.
func (ix *index) keys(write bool, first string, words []string) iter.Seq[string] {
	set := ix.set
	if write {
		set = set.Clone()
	}
	of := func(word, first string) iter.Seq[string] {
		return func(yield func(string) bool) {
			set.AscendGreaterOrEqual(entry{word, first}, func(e entry) bool { return e.word == word && yield(e.key) })
		}
	}
	switch {
	case len(words) == 1:
		return of(words[0], first)
	case len(words) > fewWords:
		var all []string
		for _, w := range words {
			all = slices.AppendSeq(all, of(w, first))
		}
		slices.Sort(all)
		return slices.Values(slices.Compact(all))
	}
	return func(yield func(string) bool) {
		for at := first; ; at += "\x00" {
			next, found := "", false
			for _, w := range words {
				for k := range of(w, at) {
					if !found || k < next {
						next, found = k, true
					}
					break
				}
			}
			if at = next; !found || !yield(at) {
				return
			}
		}
	}
}
