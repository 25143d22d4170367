package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
}

// maxAnswer bounds what is kept of an answer: a page of a thousand AMIs has three
// megabytes.
const maxAnswer = 64 << 20

// Do implements the SDK's HTTPClient.
func (c *whole) Do(req *http.Request) (*http.Response, error) {
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

// swallow reads an answer to its end. All that AWS answers has a body.
func swallow(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return fmt.Errorf("the answer has more than %d MiB", maxAnswer>>20)
	case len(body) == 0 && resp.StatusCode == http.StatusOK:
		return fmt.Errorf("the answer is empty: %w", io.ErrUnexpectedEOF)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
