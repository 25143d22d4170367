package wire

import (
	"fmt"
	"strconv"
	"time"
)

// amzDate is how a request says when it was signed.
const amzDate = "20060102T150405Z"

// misdated reports whether a request was signed at another time than the fault lets
// pass. A presigned one says itself for how long it is good.
func (f Fault) misdated(c *Call) bool {
	return !c.signed.IsZero() && c.Now.Sub(c.signed).Abs() > f.Signed
}

// outOfDate is AWS's answer to a request that was signed too long ago, or ahead of
// time. EC2 answers as it does to wrong keys.
func (c *Call) outOfDate(limit time.Duration, p Protocol) *Error {
	e := p.refuse(badSignature)
	if e.Message != textBadSignature {
		return e
	}
	text, edge, sign := "Signature expired: %s is now earlier than %s (%s %s %s min.)", c.Now.Add(-limit), "-"
	if c.signed.After(c.Now) {
		text, edge, sign = "Signature not yet current: %s is still later than %s (%s %s %s min.)", c.Now.Add(limit), "+"
	}
	minutes := strconv.FormatFloat(limit.Minutes(), 'f', -1, 64)
	e.Message = fmt.Sprintf(text, c.signed.Format(amzDate), edge.Format(amzDate), c.Now.Format(amzDate), sign, minutes)
	return e
}
