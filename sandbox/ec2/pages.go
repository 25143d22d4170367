package ec2

import (
	"encoding/base64"
	"hash/crc32"
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
	if p.NextToken != "" {
		last, good := readToken(c, p.NextToken)
		if !good {
			return nil, "", wire.Errorf("InvalidNextToken", "The specified NextToken is not valid.")
		}
		items = items[sortedAfter(items, last, key):]
	}
	if p.MaxResults == nil {
		return items, "", nil
	}
	n := *p.MaxResults
	if n < least {
		return nil, "", wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", n, least)
	}
	n = min(n, maxPage)
	if len(items) <= n {
		return items, "", nil
	}
	return items[:n], writeToken(c, key(items[n-1])), nil
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
