package report

import (
	"strings"
	"testing"
	"time"
)

func TestDownload(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 5, 7, 0, time.UTC)
	for _, c := range []struct {
		got, size int64
		want      string
	}{
		{0, 1000, "09:05:07  download p.deb  0 bytes of 1000 bytes, 0 %\n"},
		{3 << 19, 6 << 20, "09:05:07  download p.deb  1.5 MiB of 6.0 MiB, 25 %\n"},
		{2 << 20, -1, "09:05:07  download p.deb  2.0 MiB of an unknown size\n"},
		{0, 0, "09:05:07  download p.deb  0 bytes of 0 bytes\n"},
	} {
		var out strings.Builder
		if Download(&out, at, "p.deb", c.got, c.size); out.String() != c.want {
			t.Errorf("got  %q\nwant %q", out.String(), c.want)
		}
	}
}
