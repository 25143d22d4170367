package ec2

import (
	"encoding/base64"
	"hash/crc32"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"amiship/sandbox/wire"
)

// paging is embedded by the inputs of lists.
type paging struct {
	MaxResults *int
	NextToken  string
}

const maxPage = 1000

// page returns the requested part of items, and the token of the next one.
// Items are in the order of their keys; least is the smallest MaxResults that
// the operation takes.
func page[T any](c *wire.Call, p paging, least int, items []T, key func(T) string) ([]T, string, error) {
	return pageFrom(c, p, least, func(last string) iter.Seq[T] {
		return slices.Values(items[sortedAfter(items, last, key):])
	}, key)
}

// pageFrom is page of items that are made one after the other, beginning at the latest with
// the first after the key that the last page ended with.
func pageFrom[T any](c *wire.Call, p paging, least int, from func(last string) iter.Seq[T], key func(T) string) ([]T, string, error) {
	last, most, err := p.part(c, least)
	if err != nil {
		return nil, "", err
	}
	var items []T
	for it := range from(last) {
		if last != "" && key(it) <= last {
			continue
		}
		if len(items) == most {
			return items, writeToken(c, key(items[most-1])), nil
		}
		items = append(items, it)
	}
	return items, "", nil
}

// part is where the requested part begins, after a key, and how many it has at most.
func (p paging) part(c *wire.Call, least int) (last string, most int, err error) {
	if p.NextToken != "" {
		good := false
		if last, good = readToken(c, p.NextToken); !good {
			return "", 0, wire.Errorf("InvalidNextToken", "The specified NextToken is not valid.")
		}
	}
	switch {
	case p.MaxResults == nil:
		return last, math.MaxInt, nil
	case *p.MaxResults < least:
		return "", 0, wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", *p.MaxResults, least)
	}
	return last, min(*p.MaxResults, maxPage), nil
}

func sortedAfter[T any](items []T, last string, key func(T) string) int {
	i, found := slices.BinarySearchFunc(items, last, func(it T, k string) int { return strings.Compare(key(it), k) })
	if found {
		i++
	}
	return i
}

// A token is opaque to clients: where the last page ended, bound to the
// account, region and operation that it was made for.
func writeToken(c *wire.Call, last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(last + "\x00" + tokenSum(c, last)))
}

func readToken(c *wire.Call, token string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	last, sum, found := strings.Cut(string(raw), "\x00")
	return last, found && sum == tokenSum(c, last)
}

func tokenSum(c *wire.Call, last string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(c.Account.ID+c.Region+c.Action+last))), 36)
}
