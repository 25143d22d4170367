package cli

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/record"
)

// TestWhoIsNotAnswered: changes do not wait for STS but once, and not long.
func TestWhoIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, began := 0, time.Now()
		who := once(func(ctx context.Context) record.Actor {
			if asked++; asked == 1 {
				<-ctx.Done()
				return record.Actor{URL: "job"}
			}
			return record.Actor{ARN: "arn", URL: "job"}
		})
		for range 20 {
			if got := who(t.Context()); got.ARN != "" || got.URL != "job" {
				t.Errorf("it is %+v", got)
			}
		}
		if took := time.Since(began); asked != 1 || took != actorWithin {
			t.Errorf("asked %d times, for %v", asked, took)
		}
		time.Sleep(actorAgain)
		for range 2 {
			if got := who(t.Context()); got.ARN != "arn" || asked != 2 {
				t.Errorf("later it is %+v, asked %d times", got, asked)
			}
		}
	})
}
