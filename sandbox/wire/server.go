package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"amiship/sandbox/cloud"
)

// ServerName is in the header Server of each answer, as AWS has "AmazonEC2" there.
const ServerName = "AmishipSandbox"

// Server is the one endpoint. Its zero value is not usable: see NewServer.
type Server struct {
	store     *cloud.Store
	services  map[string]Service
	throttles *throttles
	faults    faults
	// Before, if set, runs before every request, outside of its transaction:
	// the place to settle what has become due. It is called by many
	// goroutines at once.
	Before func()
	// Log, if set, is told of every request after it was answered. It is
	// called by many goroutines at once.
	Log func(Logged)
}

// NewServer serves the given services from one store. Without throttle the
// token buckets of docs/reference/aws.md#ec2-throttling are off.
func NewServer(store *cloud.Store, throttle bool, services ...Service) *Server {
	s := &Server{store: store, services: map[string]Service{}}
	if throttle {
		s.throttles = newThrottles()
	}
	for _, svc := range services {
		s.services[svc.Name] = svc
	}
	return s
}

// ServeHTTP answers one AWS request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	log := Logged{At: s.store.Now(), Status: http.StatusOK}
	defer func() {
		log.Took = time.Since(start)
		if s.Log != nil {
			s.Log(log)
		}
	}()
	requestID := newRequestID()
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("Date", log.At.Format(http.TimeFormat))
	w.Header().Set("Server", ServerName)
	scope := readScope(r)
	req, err := readRequest(r)
	if scope.key == "" && err == nil {
		scope.service = s.unsigned(req)
	}
	svc, known := s.services[scope.service]
	if !known {
		svc.Protocol = spoken(r, scope.service)
	}
	log.Service, log.Region, log.Key = scope.service, scope.region, scope.key
	var answer []byte
	var loss Loss
	if err == nil {
		answer, loss, err = s.answer(req, svc, scope, requestID, &log)
	}
	switch {
	case errors.Is(err, errDropped):
		log.Status, log.Code = -1, "Dropped"
		panic(http.ErrAbortHandler)
	case errors.Is(err, errSilent):
		log.Status, log.Code = -1, "Silent"
		lose(w, r, nil, Silent)
	case err != nil:
		e := svc.complete(AsError(err))
		log.Status, log.Code = e.status(), e.Code
		svc.Protocol.fail(w, requestID, e)
		return
	}
	w.Header().Set("Content-Type", svc.Protocol.contentType())
	if loss != "" {
		log.Status, log.Code = -1, "Lost"
		lose(w, r, answer, loss)
	}
	_, _ = w.Write(answer)
}

// unsigned names the service of a call that is not signed: no other part of it does than the
// operation. Empty: none takes it.
func (s *Server) unsigned(req *request) string {
	for name, svc := range s.services {
		if op, ok := svc.operation(svc.Protocol.action(req)); ok && op.account != nil {
			return name
		}
	}
	return ""
}

// answer finds the operation and runs it, and says what becomes of the answer.
func (s *Server) answer(req *request, svc Service, sc scope, requestID string, log *Logged) ([]byte, Loss, error) {
	log.Action = svc.Protocol.action(req)
	op, ok := svc.operation(log.Action)
	if sc.key == "" && op.account == nil {
		return nil, "", &Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: http.StatusForbidden}
	}
	if !ok {
		log.Action = named(req)
		return nil, "", lacking(svc.Protocol, sc.service, log.Action)
	}
	log.ReadOnly = op.ReadOnly
	if s.Before != nil {
		s.Before()
	}
	call := &Call{Service: svc.Name, Action: op.Name, Region: sc.region, RequestID: requestID, Host: req.Host}
	out, err := s.transact(call, req, svc, sc, op, log)
	for _, fn := range call.finally {
		fn()
	}
	defer call.wait(req.Context())
	if err != nil {
		return nil, "", err
	}
	for _, fn := range call.after {
		fn()
	}
	if call.fault != nil && call.fault.error() != nil {
		return nil, "", call.fault.error()
	}
	var buf bytes.Buffer
	if err := svc.Protocol.encode(&buf, op.Name, requestID, out); err != nil {
		return nil, "", err
	}
	return buf.Bytes(), call.loss(), nil
}

// transact is the pipeline inside a transaction.
func (s *Server) transact(call *Call, req *request, svc Service, sc scope, op Operation, log *Logged) (out any, err error) {
	transact := s.store.Update
	if op.ReadOnly {
		transact = s.store.View
	}
	err = transact(func(tx *cloud.Tx) error {
		log.At, call.Tx = tx.Now, tx
		if op.account == nil {
			if err := call.authenticate(sc, req, svc.Protocol); err != nil {
				return err
			}
		}
		in := op.newInput()
		malformed := svc.Protocol.decode(req, in)
		if op.account != nil {
			call.Account, _ = cloud.Accounts.Get(tx, "", op.account(in))
		}
		log.Account = call.Account.ID
		d, ok := in.(DryRunner)
		call.dry = ok && d.IsDryRun()
		if err := s.admit(call, svc, op, in); err != nil {
			return err
		}
		if malformed != nil {
			return malformed
		}
		if call.dry {
			return &Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", Status: http.StatusPreconditionFailed}
		}
		out, err = op.run(call, in)
		return err
	})
	return out, err
}

// admit asks whether the call may run: permission, rate, faults.
func (s *Server) admit(call *Call, svc Service, op Operation, in any) error {
	if err := call.authorise(svc, in); err != nil {
		return err
	}
	if err := s.throttles.take(call, op.Bucket); err != nil {
		return err
	}
	call.part = func(action string) error {
		other := *call
		other.Action = action
		if f := s.hit(&other); f != nil {
			return f.error()
		}
		return nil
	}
	call.fault = s.hit(call)
	if call.fault == nil {
		return nil
	}
	if call.fault.Signed > 0 {
		return call.outOfDate(call.fault.Signed, svc.Protocol)
	}
	if call.fault.Lag > 0 && op.ReadOnly {
		call.Tx = call.AsOf(call.Due(-call.fault.Lag))
	}
	if call.fault.After {
		return nil
	}
	return call.fault.error()
}

func (svc Service) operation(name string) (Operation, bool) {
	for _, op := range svc.Operations {
		if op.Name == name {
			return op, true
		}
	}
	return Operation{}, false
}

func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Listen serves until ctx ends, then lets running requests finish for at most
// five seconds.
func Listen(ctx context.Context, srv *http.Server, serve func() error) error {
	done := make(chan error, 1)
	go func() { done <- serve() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		return srv.Close() // a client holds a connection: that is no failure of ours
	}
	return nil
}
