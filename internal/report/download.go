package report

import (
	"fmt"
	"io"
	"time"
)

// Download writes how far a download has come: got of size bytes; a size below 0 is
// not known.
func Download(w io.Writer, now time.Time, name string, got, size int64) {
	of := "of an unknown size"
	if size >= 0 {
		of = "of " + mebibytes(size)
	}
	if size > 0 {
		of += fmt.Sprintf(", %d %%", got*100/size)
	}
	fmt.Fprintf(w, "%s  download %s  %s %s\n", now.Format("15:04:05"), name, mebibytes(got), of)
}

// mebibytes spells a number of them: "120.5 MiB".
func mebibytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
