package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// whole is an HTTP client that hands over answers only when they have been read to
// their end, within a time. An answer that breaks off, or does not come, is then a
// failed connection, which the SDK retries; decoding one that is still coming in
// would make it a malformed answer, which is not retried.
type whole struct {
	next    aws.HTTPClient
	within  time.Duration
	overdue *overdue
	// decoders has a place for each answer that is decoded at once: a page of AMIs takes
	// ten times as much memory decoded, and more of them at once are no faster.
	decoders chan struct{}
}

// maxAnswer bounds what is kept of an answer: a page of a thousand AMIs has three
// megabytes.
const maxAnswer = 64 << 20

// Do implements the SDK's HTTPClient.
func (c *whole) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.read(req)
	if err == nil {
		err = c.decodes(req.Context(), resp)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// read returns an answer that has come whole.
func (c *whole) read(req *http.Request) (*http.Response, error) {
	silent := &SilentError{Address: req.URL.Scheme + "://" + req.URL.Host, Within: c.within}
	ctx, cancel := context.WithTimeoutCause(req.Context(), c.within, silent)
	defer cancel()
	defer c.overdue.watch(ctx)()
	resp, err := c.next.Do(req.WithContext(ctx))
	if err == nil {
		err = swallow(resp)
	}
	if err != nil && errors.Is(context.Cause(ctx), silent) {
		err = silent
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// decodes waits until an answer may be decoded. The SDK closes it when it has been.
func (c *whole) decodes(ctx context.Context, resp *http.Response) error {
	select {
	case c.decoders <- struct{}{}:
		resp.Body = &decoded{Reader: resp.Body, leave: sync.OnceFunc(func() { <-c.decoders })}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// decoded is an answer with a place among the decoders, until it is closed.
type decoded struct {
	io.Reader
	leave func()
}

func (d *decoded) Close() error { d.leave(); return nil }

// The blocks of an answer that is kept: the first holds most answers.
const (
	firstBlock = 4 << 10
	mostBlock  = 256 << 10
)

// swallow reads an answer to its end. All that AWS answers has a body. It is kept in blocks,
// of which each is free once it is decoded: one buffer that grows would take five times as much.
func swallow(resp *http.Response) error {
	defer resp.Body.Close()
	var blocks []io.Reader
	var read int64
	for size := int64(firstBlock); ; size = min(2*size, mostBlock) {
		block := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
		n, err := io.CopyN(block, resp.Body, size)
		blocks, read = append(blocks, block), read+n
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("read the answer: %w", err)
		case read > maxAnswer:
			return fmt.Errorf("the answer has more than %d MiB", maxAnswer>>20)
		case read == 0 && resp.StatusCode == http.StatusOK:
			return fmt.Errorf("the answer is empty: %w", io.ErrUnexpectedEOF)
		case err != nil: // the end
			resp.Body = io.NopCloser(io.MultiReader(blocks...))
			return nil
		}
	}
}
