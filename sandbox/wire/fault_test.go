package wire

import (
	"strings"
	"testing"
	"time"
)

func (b *bench) notes() string {
	_, _, body := b.send(b.sign(b.request("ec2", "ReadNotes", nil), goodKey, "ec2", "eu-west-1"))
	return body
}

// TestFaultForAWhile: it begins with its first hit, and ends by the clock.
func TestFaultForAWhile(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Region: "eu-west-1", Skip: 1, For: time.Minute}})
	b.wall = b.wall.Add(time.Hour)
	for n, c := range []struct {
		passes time.Duration
		status int
	}{{0, 200}, {0, 500}, {59 * time.Second, 500}, {time.Second, 200}, {time.Hour, 200}} {
		b.wall = b.wall.Add(c.passes)
		if status, _ := b.call(goodKey, "ec2", "ReadNotes", nil); status != c.status {
			t.Errorf("call %d answers %d, want %d", n+1, status, c.status)
		}
	}
}

// TestLag: only what reads sees the past.
func TestLag(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Lag: 10 * time.Second}})
	b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "new"})
	for passed, want := range []bool{false, true} {
		if got := strings.Contains(b.notes(), ">new<"); got != want {
			t.Errorf("after %d0 s a note is seen: %v, want %v", passed, got, want)
		}
		b.wall = b.wall.Add(10 * time.Second)
	}
}

// TestDelay: the answer comes late, and whole.
func TestDelay(t *testing.T) {
	b := newBench(t, false)
	b.server.SetFaults([]Fault{{Action: "Add*", Delay: 20 * time.Millisecond}})
	if status, code := b.call(goodKey, "ec2", "AddNote", map[string]string{"Text": "late"}); status != 200 || !strings.Contains(b.notes(), ">late<") {
		t.Errorf("it answers %d %s, and the notes are %s", status, code, b.notes())
	}
	if took := b.logged[0].Took; took < 20*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

func TestCheckFaults(t *testing.T) {
	good := []Fault{{}, {Action: "Copy*", Ends: EndsFailed}}
	if err := CheckFaults(good); err != nil {
		t.Error(err)
	}
	err := CheckFaults(append(good, Fault{Ends: "badly"}, Fault{Region: "eu-["}))
	for _, want := range []string{`fault 3: ends "badly": there are failed, stuck, vanished, terminated and deaf`, `fault 4: "eu-[" is no pattern`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
