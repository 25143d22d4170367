package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// stallAfter is how long a server may bring less than leastProgress bytes, from
	// the request to the last byte, before the try counts as stalled.
	stallAfter    = 30 * time.Second
	leastProgress = 1 << 10
	// noticeEvery is the time between two notices of a download that goes on.
	noticeEvery = 10 * time.Second
)

// Download is how far a package has come.
type Download struct {
	Name string // of the file
	Got  int64  // bytes
	Size int64  // bytes, as the server announces them; -1: it does not
}

// StalledError says that a server stopped sending.
type StalledError struct{ Download }

func (e *StalledError) Error() string {
	if e.Size < 0 {
		return fmt.Sprintf("stalled: less than 1 KiB came in %s, after %d bytes", stallAfter, e.Got)
	}
	return fmt.Sprintf("stalled: less than 1 KiB came in %s, after %d of %d bytes", stallAfter, e.Got, e.Size)
}

// TooLargeError says that a server announces or sends more than is taken.
type TooLargeError struct {
	Size int64 // bytes, as announced; -1: it was found by reading
	Most int64 // bytes that are taken
	// Field of the catalog that allows more; empty: none does.
	Field string
}

func (e *TooLargeError) Error() string {
	what := fmt.Sprintf("is larger than the limit of %d bytes", e.Most)
	if e.Size >= 0 {
		what = fmt.Sprintf("has %d bytes, more than the limit of %d", e.Size, e.Most)
	}
	if e.Field == "" {
		return what
	}
	return what + "; " + e.Field + " in amiship.yaml allows more"
}

// transfer is one try to read an address.
type transfer struct {
	name  string
	most  int64  // bytes
	field string // of the catalog, that most comes from
	tell  func(Download)

	got, size atomic.Int64 // bytes; a size of -1 is not announced
}

func (t *transfer) state() Download { return Download{t.name, t.got.Load(), t.size.Load()} }

// watch ends a try that stalls, through cancel, and tells of one that goes on, until
// ctx ends.
func (t *transfer) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(noticeEvery)
	defer tick.Stop()
	mark, since := int64(0), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch now := t.state(); {
		case now.Got-mark >= leastProgress:
			mark, since = now.Got, time.Now()
			t.tell(now)
		case time.Since(since) >= stallAfter:
			cancel(&StalledError{now})
			return
		default:
			t.tell(now)
		}
	}
}

// body is an answer's body that counts its bytes, and refuses more than the
// limit. A size that a server announces is refused before the body is read.
func (t *transfer) body(res *http.Response) (io.Reader, error) {
	t.size.Store(res.ContentLength)
	if res.ContentLength > t.most {
		return nil, &TooLargeError{Size: res.ContentLength, Most: t.most, Field: t.field}
	}
	t.tell(t.state())
	return &counted{res.Body, t}, nil
}

type counted struct {
	io.Reader
	*transfer
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.got.Add(int64(n)) > c.most {
		return 0, &TooLargeError{Size: -1, Most: c.most, Field: c.field}
	}
	return n, err
}

// because returns why a try ended: that it stalled, rather than the error that net/http
// makes of its end.
func because(ctx context.Context, err error) error {
	var stalled *StalledError
	if errors.As(context.Cause(ctx), &stalled) {
		return stalled
	}
	return withoutURL(err)
}
