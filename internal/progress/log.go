package progress

import (
	"context"
	"log/slog"
	"time"
)

// Handler is a slog.Handler whose records are events, so that none comes between the parts of
// another text.
type Handler struct {
	shower Shower
	level  slog.Level
	attrs  []slog.Attr
}

// NewHandler shows records from a level on.
func NewHandler(s Shower, level slog.Level) *Handler { return &Handler{shower: s, level: level} }

// Enabled implements slog.Handler.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle implements slog.Handler.
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	l := &Log{Level: r.Level.String(), Message: r.Message, Values: map[string]string{}}
	add := func(a slog.Attr) bool {
		if text := a.Value.Resolve().String(); text != "" {
			l.Values[a.Key] = text
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	h.shower.Show(Event{Schema: Schema, At: at.UTC(), Event: OfLog, Log: l})
	return nil
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.attrs = append(append([]slog.Attr{}, h.attrs...), attrs...)
	return &out
}

// WithGroup implements slog.Handler: no one here groups.
func (h *Handler) WithGroup(string) slog.Handler { return h }
