package progress

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// JSON shows each event as a line of JSON.
type JSON struct {
	mu sync.Mutex
	w  io.Writer
	// answered is when the last answer of a step was told: one a second is enough.
	answered map[string]time.Time
	now      func() time.Time
}

// NewJSON writes to w.
func NewJSON(w io.Writer, now func() time.Time) *JSON {
	return &JSON{w: w, answered: map[string]time.Time{}, now: now}
}

// Quiet implements Shower.
func (j *JSON) Quiet() time.Duration { return OnTerminal }

// Show implements Shower.
func (j *JSON) Show(events ...Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, e := range events {
		if e.Answer != nil && j.now().Sub(j.answered[string(e.Answer.Step)]) < time.Second {
			continue
		}
		if e.Answer != nil {
			j.answered[string(e.Answer.Step)] = j.now()
		}
		_ = enc.Encode(e) // no event fails, and the writer notes its errors
	}
	_, _ = j.w.Write(out.Bytes())
}

// Notes turns what is written into events: each line is one.
type Notes struct {
	shower Shower
	now    func() time.Time
	mu     sync.Mutex
	line   []byte
}

// NewNotes has lines shown as notes.
func NewNotes(s Shower, now func() time.Time) *Notes { return &Notes{shower: s, now: now} }

// Write implements io.Writer.
func (n *Notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.line = append(n.line, p...)
	for {
		line, rest, found := bytes.Cut(n.line, []byte("\n"))
		if !found {
			return len(p), nil
		}
		n.shower.Show(Event{Schema: Schema, At: n.now().UTC(), Event: OfNote, Note: string(line)})
		n.line = append([]byte{}, rest...)
	}
}

// Relay shows the events that another process has written as JSON, and passes on what is none.
type Relay struct {
	shower Shower
	other  func(line string)
	mu     sync.Mutex
	line   []byte
}

// NewRelay has events shown; other gets the lines that are none, and the notes.
func NewRelay(s Shower, other func(line string)) *Relay { return &Relay{shower: s, other: other} }

// Write implements io.Writer. What comes at once is shown at once.
func (r *Relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line = append(r.line, p...)
	var events []Event
	for {
		line, rest, found := bytes.Cut(r.line, []byte("\n"))
		if !found {
			break
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || e.Schema != Schema {
			r.other(string(line))
		} else if e.Event == OfNote {
			r.other(e.Note)
		} else {
			events = append(events, e)
		}
		r.line = append([]byte{}, rest...)
	}
	if len(events) > 0 {
		r.shower.Show(events...)
	}
	return len(p), nil
}

// End shows what has no end of its line.
func (r *Relay) End() {
	if len(r.line) > 0 {
		r.other(string(r.line))
	}
}
