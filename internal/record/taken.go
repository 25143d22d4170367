package record

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Everybody is what TagTaken calls the permission of all.
const Everybody = "all"

// maxTags is how many tags a resource of AWS may have; those that AWS itself writes,
// aws:…, do not count.
const maxTags = 50

// FreeTags is how many tags TagTaken and its continuations may take on a resource that has
// the tags have and gets the tags more.
func FreeTags(have, more map[string]string) int {
	all := maps.Clone(more)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, have)
	maps.DeleteFunc(all, func(key, _ string) bool { return isTaken(key) || strings.HasPrefix(key, "aws:") })
	return maxTags - len(all)
}

// WriteTaken spells revoked permissions as tags, at most free of them: TagTaken, then
// TagTaken.2, TagTaken.3 and so on. They hold account ids, ARNs of organizations and units,
// and Everybody, separated by commas; where they would not fit, account ids are packed: see
// pack. A list that does not fit in any form is an error, and never cut short.
func WriteTaken(who []string, free int) (map[string]string, error) {
	who = slices.Clone(who)
	slices.Sort(who)
	who = slices.Compact(who)
	if i := slices.IndexFunc(who, func(s string) bool { return len(s) > maxTag }); i >= 0 {
		return nil, fmt.Errorf("%.40s… is longer than a tag", who[i])
	}
	values := fill(who)
	if len(values) > free {
		values = fill(pack(who))
	}
	if len(values) > free {
		return nil, fmt.Errorf("%d holders of permissions take %d tags, and %d are free", len(who), len(values), max(0, free))
	}
	out := map[string]string{}
	for n, text := range values {
		out[takenKey(n+1)] = TagValue(text)
	}
	return out, nil
}

// ReadTaken reads what WriteTaken wrote among a resource's tags, sorted.
func ReadTaken(tags map[string]string) []string {
	var out []string
	for key, value := range tags {
		if !isTaken(key) {
			continue
		}
		text, _ := ReadTag(value)
		for entry := range strings.SplitSeq(text, ",") {
			out = append(out, unpack(entry)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func takenKey(n int) string {
	if n == 1 {
		return TagTaken
	}
	return TagTaken + "." + strconv.Itoa(n)
}

func isTaken(key string) bool { return key == TagTaken || strings.HasPrefix(key, TagTaken+".") }

// fill puts entries into as few values of tags as hold them, in their order.
func fill(entries []string) []string {
	var out []string
	for _, entry := range entries {
		if n := len(out) - 1; n >= 0 && len(out[n])+len(",")+len(entry) <= maxTag {
			out[n] += "," + entry
			continue
		}
		out = append(out, entry)
	}
	return out
}

// Packed account ids are digits of base 64, seven for each id, behind a mark: a tag holds 36
// of them, and 19 as they are.
const (
	packed     = "~"
	packedLen  = 7
	packedBase = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

var accountID = regexp.MustCompile(`^\d{12}$`)

// pack joins the account ids of a list into entries that each fill a tag.
func pack(who []string) []string {
	var out, ids []string
	for _, holder := range who {
		if accountID.MatchString(holder) {
			ids = append(ids, packID(holder))
		} else {
			out = append(out, holder)
		}
	}
	for some := range slices.Chunk(ids, (maxTag-len(packed))/packedLen) {
		out = append(out, packed+strings.Join(some, ""))
	}
	return out
}

func packID(id string) string {
	n, _ := strconv.ParseUint(id, 10, 64) // 12 digits
	digits := make([]byte, packedLen)
	for i := packedLen - 1; i >= 0; i-- {
		digits[i] = packedBase[n%64]
		n /= 64
	}
	return string(digits)
}

// unpack returns the holders that an entry stands for. Earlier versions counted what a tag
// could not hold: "+21" names no holder.
func unpack(entry string) []string {
	text, isPacked := strings.CutPrefix(entry, packed)
	switch {
	case !isPacked && (entry == "" || entry[0] == '+'):
		return nil
	case !isPacked:
		return []string{entry}
	}
	var out []string
	for len(text) >= packedLen {
		n := uint64(0)
		for _, c := range []byte(text[:packedLen]) {
			n = n*64 + uint64(max(0, strings.IndexByte(packedBase, c)))
		}
		if id := fmt.Sprintf("%012d", n); accountID.MatchString(id) {
			out = append(out, id)
		}
		text = text[packedLen:]
	}
	return out
}

// Shorten cuts a text to what a tag's value can hold, on one line.
func Shorten(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(len(runes), maxTag)])
}
