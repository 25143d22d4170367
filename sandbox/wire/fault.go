package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Fault makes requests go wrong. Patterns are those of path.Match, an empty one
// matches all. The first fault that matches a request hits it. Durations are AWS's,
// all but Signed: the clock's speed shortens them.
type Fault struct {
	Account string `json:"account,omitempty" yaml:"account,omitempty"` // id
	Region  string `json:"region,omitempty" yaml:"region,omitempty"`
	Service string `json:"service,omitempty" yaml:"service,omitempty"`
	Action  string `json:"action,omitempty" yaml:"action,omitempty"`
	// Signed refuses requests that were signed longer ago than this, or as far ahead, by
	// the sandbox's clock, as AWS does; others it does not match. AWS's limit is 5
	// minutes, for some services 15, of real time, and so is this. Zero: not checked.
	Signed time.Duration `json:"signed,omitempty" yaml:"signed,omitempty"`
	// After lets the request do its work, and only then fails the answer.
	After bool `json:"after,omitempty" yaml:"after,omitempty"`
	// Status is the HTTP status; -1 drops the connection. A fault that says no
	// status, code or message is a 500, or no failure if it does something else.
	Status  int    `json:"status,omitempty" yaml:"status,omitempty"`
	Code    string `json:"code,omitempty" yaml:"code,omitempty"` // InternalError when empty
	Message string `json:"message,omitempty" yaml:"message,omitempty"`
	// Delay is how late the answer comes.
	Delay time.Duration `json:"delay,omitempty" yaml:"delay,omitempty"`
	// Answer is what becomes of the answer on its way. A silent one keeps the request
	// from its work, unless After is set; a broken one follows it.
	Answer Loss `json:"answer,omitempty" yaml:"answer,omitempty"`
	// Lag is how old what a request sees is that only reads. Nothing is older
	// than the fault.
	Lag time.Duration `json:"lag,omitempty" yaml:"lag,omitempty"`
	// Ends is what becomes of what the request makes, and Lasts how long that takes:
	// images and change sets as long as usual when zero, machines a minute.
	Ends  Ending        `json:"ends,omitempty" yaml:"ends,omitempty"`
	Lasts time.Duration `json:"lasts,omitempty" yaml:"lasts,omitempty"`
	// Skip is how many matching requests pass first; Times is how many it
	// hits, 0: all that follow; For ends it that long after its first hit.
	// Dry runs neither count nor are hit where requests are counted.
	Skip  int           `json:"skip,omitempty" yaml:"skip,omitempty"`
	Times int           `json:"times,omitempty" yaml:"times,omitempty"`
	For   time.Duration `json:"for,omitempty" yaml:"for,omitempty"`
}

// Loss is what becomes of an answer. What lasts forever ends with the
// connection.
type Loss string

// The losses.
const (
	Silent  Loss = "silent"  // the connection is accepted, and no answer ever comes
	Stalled Loss = "stalled" // half of the body comes, and then nothing
	Cut     Loss = "cut"     // half of the body comes, and then the connection closes
)

// Ending is what becomes of an image, a machine or a change set.
type Ending string

// The endings. What one says nothing of ends as usual.
const (
	EndsFailed     Ending = "failed"     // an image; a change set, by a fault of Marketplace's
	EndsStuck      Ending = "stuck"      // an image or change set that stays pending
	EndsVanished   Ending = "vanished"   // an image that is there, and then is not
	EndsTerminated Ending = "terminated" // a machine, whatever it is doing
	EndsDeaf       Ending = "deaf"       // a machine with no port open
)

// CheckFaults returns what is wrong with them.
func CheckFaults(list []Fault) error {
	var errs []error
	for i, f := range list {
		if !slices.Contains([]Ending{"", EndsFailed, EndsStuck, EndsVanished, EndsTerminated, EndsDeaf}, f.Ends) {
			errs = append(errs, fmt.Errorf("fault %d: ends %q: there are failed, stuck, vanished, terminated and deaf", i+1, f.Ends))
		}
		if !slices.Contains([]Loss{"", Silent, Stalled, Cut}, f.Answer) {
			errs = append(errs, fmt.Errorf("fault %d: answer %q: there are silent, stalled and cut", i+1, f.Answer))
		}
		if f.Answer != "" && (f.Status != 0 || f.Code != "" || f.Message != "") {
			errs = append(errs, fmt.Errorf("fault %d: an answer that is lost has no status, code or message", i+1))
		}
		if f.Signed < 0 || f.Signed > 0 && (f.After || f.Status != 0 || f.Code != "" || f.Message != "" || f.Lag != 0 || f.Ends != "" || f.Answer != "") {
			errs = append(errs, fmt.Errorf("fault %d: signed is a limit, and refuses as AWS does: no after, status, code, message, lag, ends or answer", i+1))
		}
		for _, pattern := range []string{f.Account, f.Region, f.Service, f.Action} {
			if _, err := path.Match(pattern, ""); err != nil {
				errs = append(errs, fmt.Errorf("fault %d: %q is no pattern", i+1, pattern))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckTargets returns which of the faults can't hit anything: no account, region, service or
// action that there is matches.
func (s *Server) CheckTargets(list []Fault, accounts, regions []string) error {
	var errs []error
	for i, f := range list {
		var services, actions []string
		for name, svc := range s.services {
			services = append(services, name)
			for _, op := range svc.Operations {
				if MatchesAny(f.Service, []string{name}) {
					actions = append(actions, op.Name)
				}
			}
		}
		for _, target := range []struct {
			what, pattern string
			of            []string
		}{{"account", f.Account, accounts}, {"region", f.Region, regions}, {"service", f.Service, services}, {"action", f.Action, actions}} {
			if !MatchesAny(target.pattern, target.of) {
				errs = append(errs, fmt.Errorf("fault %d: the sandbox has no %s that matches %q", i+1, target.what, target.pattern))
			}
		}
	}
	return errors.Join(errs...)
}

// MatchesAny reports whether a pattern of path.Match matches one of the names; an empty one
// matches whatever there is.
func MatchesAny(pattern string, names []string) bool {
	return pattern == "" || slices.ContainsFunc(names, func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

func (f Fault) matches(c *Call) bool {
	for _, m := range [][2]string{{f.Account, c.Account.ID}, {f.Region, c.Region}, {f.Service, c.Service}, {f.Action, c.Action}} {
		if ok, _ := path.Match(m[0], m[1]); m[0] != "" && !ok {
			return false
		}
	}
	return f.Signed == 0 || f.misdated(c)
}

// error is how the request fails; nil if it does not.
func (f Fault) error() error {
	switch {
	case f.Status < 0:
		return errDropped
	case f.Answer == Silent:
		return errSilent
	}
	e := &Error{Code: f.Code, Message: f.Message, Status: f.Status}
	if *e == (Error{}) && (f.Delay > 0 || f.Lag > 0 || f.Ends != "" || f.Answer != "") {
		return nil
	}
	if e.Status == 0 {
		e.Status = http.StatusInternalServerError
	}
	if e.Code == "" {
		e.Code = "InternalError"
	}
	if e.Message == "" {
		e.Message = "An internal error has occurred."
	}
	return e
}

// What ends without an answer.
var (
	errDropped = http.ErrAbortHandler
	errSilent  = errors.New("never answers")
)

// loss is what becomes of the call's answer.
func (c *Call) loss() Loss {
	if c.fault == nil {
		return ""
	}
	return c.fault.Answer
}

// lose sends what comes of an answer, and closes the connection: at once, or when the
// client does.
func lose(w http.ResponseWriter, r *http.Request, answer []byte, how Loss) {
	if len(answer) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer[:len(answer)/2])
		_ = http.NewResponseController(w).Flush()
	}
	if how != Cut {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// met is a fault, and what it has met.
type met struct {
	Fault
	requests int
	over     time.Time // zero: it has hit none, or never ends
}

// faults are those that are set.
type faults struct {
	mu   sync.Mutex
	list []met
}

// SetFaults replaces the faults. They last as long as the server.
func (s *Server) SetFaults(list []Fault) {
	fresh, lag := make([]met, len(list)), time.Duration(0)
	for i, f := range list {
		fresh[i].Fault, lag = f, max(lag, f.Lag)
	}
	s.store.Remember(lag)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = fresh
}

// hit finds the fault that the call meets; nil is none. It must be asked once
// for each call.
func (s *Server) hit(c *Call) *Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for i := range s.faults.list {
		f := &s.faults.list[i]
		if !f.matches(c) || c.dry && f.Skip+f.Times > 0 {
			continue
		}
		f.requests++
		n := f.requests - f.Skip
		if n <= 0 || f.Times > 0 && n > f.Times || !f.over.IsZero() && !c.Now.Before(f.over) {
			continue
		}
		if f.For > 0 && f.over.IsZero() {
			f.over = c.Due(f.For)
		}
		hit := f.Fault
		return &hit
	}
	return nil
}

// Ends is the end of what the call creates, and when; a zero moment is the
// usual one.
func (c *Call) Ends() (Ending, time.Time) {
	switch {
	case c.fault == nil:
		return "", time.Time{}
	case c.fault.Lasts == 0:
		return c.fault.Ends, time.Time{}
	}
	return c.fault.Ends, c.Due(c.fault.Lasts)
}

// wait has the answer come late.
func (c *Call) wait(ctx context.Context) {
	if c.fault == nil || c.fault.Delay == 0 {
		return
	}
	late := time.NewTimer(c.Due(c.fault.Delay).Sub(c.Now))
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
	}
}
