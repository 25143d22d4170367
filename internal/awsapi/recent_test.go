package awsapi

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestRecent: an answer serves for a while, an error does not, and what was changed is read again.
func TestRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Clients{clock: &clock{}, recent: recent{kept: map[string]answered{}}}
		reads := 0
		var fails error
		read := func(key string) int {
			n, err := Recent(c, key, time.Minute, func() (int, error) { reads++; return reads, fails })
			if !errors.Is(err, fails) {
				t.Errorf("%s: %v", key, err)
			}
			return n
		}
		for what, c := range []struct {
			do   func()
			key  string
			want int
		}{
			{func() { fails = errors.New("no") }, "a", 1},
			{func() { fails = nil }, "a", 2},
			{func() { time.Sleep(59 * time.Second) }, "a", 2},
			{func() {}, "b", 3},
			{func() { time.Sleep(time.Second) }, "a", 4},
			{func() { c.Forget("a") }, "a", 5},
			{func() {}, "b", 3},
		} {
			c.do()
			if got := read(c.key); got != c.want {
				t.Errorf("%d: %s is read %d, want %d", what, c.key, got, c.want)
			}
		}
	})
}
