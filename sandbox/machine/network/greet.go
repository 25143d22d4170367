package network

import (
	"context"
	"io"
	"net/netip"
	"time"
)

// Greets reports whether the server at the address speaks first and begins
// with text. It waits two seconds for it.
func (n *Network) Greets(ctx context.Context, at netip.AddrPort, text string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := n.Dial(ctx, at)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second)) // the stack has deadlines
	b := make([]byte, len(text))
	_, err = io.ReadFull(c, b)
	return err == nil && string(b) == text
}
