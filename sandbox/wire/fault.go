package wire

import (
	"net/http"
	"path"
	"sync"
)

// Fault makes requests go wrong. Patterns are those of path.Match, an empty one
// matches all. The first fault that matches a request hits it.
type Fault struct {
	Account string `json:"account,omitempty" yaml:"account,omitempty"` // id
	Region  string `json:"region,omitempty" yaml:"region,omitempty"`
	Service string `json:"service,omitempty" yaml:"service,omitempty"`
	Action  string `json:"action,omitempty" yaml:"action,omitempty"`
	// After lets the request do its work, and only then fails the answer.
	After bool `json:"after,omitempty" yaml:"after,omitempty"`
	// Status is the HTTP status, 500 when zero; -1 drops the connection.
	Status  int    `json:"status,omitempty" yaml:"status,omitempty"`
	Code    string `json:"code,omitempty" yaml:"code,omitempty"` // InternalError when empty
	Message string `json:"message,omitempty" yaml:"message,omitempty"`
	// Skip lets so many matching requests pass first; Times is how many it
	// hits, 0: all that follow.
	Skip  int `json:"skip,omitempty" yaml:"skip,omitempty"`
	Times int `json:"times,omitempty" yaml:"times,omitempty"`
}

func (f Fault) matches(c *Call) bool {
	for _, m := range [][2]string{{f.Account, c.Account.ID}, {f.Region, c.Region}, {f.Service, c.Service}, {f.Action, c.Action}} {
		if ok, _ := path.Match(m[0], m[1]); m[0] != "" && !ok {
			return false
		}
	}
	return true
}

func (f Fault) error() error {
	if f.Status < 0 {
		return errDropped
	}
	e := &Error{Code: f.Code, Message: f.Message, Status: f.Status}
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

var errDropped = http.ErrAbortHandler

// faults are those that are set, and how often each has met a request.
type faults struct {
	mu   sync.Mutex
	list []Fault
	met  []int
}

// SetFaults replaces the faults. They last as long as the server.
func (s *Server) SetFaults(list []Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list, s.faults.met = list, make([]int, len(list))
}

// hit finds the fault that the call meets; nil is none. It must be asked once
// for each call.
func (s *Server) hit(c *Call) *Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for i, f := range s.faults.list {
		if !f.matches(c) {
			continue
		}
		s.faults.met[i]++
		n := s.faults.met[i] - f.Skip
		if n > 0 && (f.Times == 0 || n <= f.Times) {
			return &f
		}
	}
	return nil
}
