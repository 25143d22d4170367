package wire

import (
	"encoding/base64"
	"strconv"
)

// Paging is how a JSON service pages through a list.
type Paging struct {
	Max      int    // largest MaxResults
	Size     int    // page size when none was requested; Max when zero
	BadToken string // error code for a token that it did not give
}

// Page cuts the page that token begins out of items. The next token is nil
// after the last page.
func Page[T any](p Paging, items []T, maxResults *int, token string) (page []T, next *string, err error) {
	size := p.Size
	if size == 0 {
		size = p.Max
	}
	if maxResults != nil {
		if *maxResults < 1 || *maxResults > p.Max {
			return nil, nil, Errorf("ValidationException", "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and %d", *maxResults, p.Max)
		}
		size = *maxResults
	}
	from, ok := readToken(token)
	if !ok || from > len(items) {
		return nil, nil, Errorf(p.BadToken, "The specified NextToken is not valid.")
	}
	to := min(len(items), from+size)
	if to < len(items) {
		t := base64.StdEncoding.EncodeToString([]byte("page-" + strconv.Itoa(to)))
		next = &t
	}
	return items[from:to], next, nil
}

func readToken(token string) (int, bool) {
	if token == "" {
		return 0, true
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < 6 || string(raw[:5]) != "page-" {
		return 0, false
	}
	n, err := strconv.Atoi(string(raw[5:]))
	return n, err == nil && n > 0
}
