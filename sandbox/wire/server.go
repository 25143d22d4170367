package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"

	"amiship/sandbox/cloud"
)

// Server is the one endpoint. Its zero value is not usable: see NewServer.
type Server struct {
	store     *cloud.Store
	services  map[string]Service
	throttles *throttles
	// Log, if set, is told of every request after it was answered.
	Log func(Logged)
}

// NewServer serves the given services from one store. Without throttle the
// token buckets of facts 2.5 are off.
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
	log := Logged{Status: http.StatusOK}
	requestID := newRequestID()
	defer func() {
		log.Took = time.Since(start)
		if s.Log != nil {
			s.Log(log)
		}
	}()
	scope, ok := credentialScope(r)
	svc, known := s.services[scope.service]
	if !ok || !known {
		log.Status, log.Code = http.StatusForbidden, "MissingAuthenticationToken"
		http.Error(w, "MissingAuthenticationToken: no SigV4 credential scope of a service that this sandbox has", http.StatusForbidden)
		return
	}
	log.Service, log.Region, log.Key = scope.service, scope.region, scope.key
	body, err := s.serve(r, svc, scope, requestID, &log)
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("Date", log.At.UTC().Format(http.TimeFormat))
	if err != nil {
		e := asError(err)
		log.Status, log.Code = e.status(), e.Code
		svc.Protocol.fail(w, requestID, e)
		return
	}
	w.Header().Set("Content-Type", svc.Protocol.contentType())
	_, _ = w.Write(body)
}

// serve is the pipeline.
func (s *Server) serve(r *http.Request, svc Service, scope scope, requestID string, log *Logged) ([]byte, error) {
	req, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	action := svc.Protocol.action(req)
	log.Action = action
	op, ok := svc.operation(action)
	if !ok {
		return nil, Errorf("InvalidAction", "The action %s is not valid for this web service: the sandbox does not have it.", action)
	}
	log.ReadOnly = op.ReadOnly
	var out any
	var after []func()
	transact := s.store.Update
	if op.ReadOnly {
		transact = s.store.View
	}
	err = transact(func(tx *cloud.Tx) error {
		log.At = tx.Now
		call := &Call{Tx: tx, Service: svc.Name, Action: action, Region: scope.region, RequestID: requestID, Host: r.Host}
		if err := call.authenticate(scope, svc.Protocol); err != nil {
			return err
		}
		log.Account = call.Account.ID
		if err := call.authorise(svc); err != nil {
			return err
		}
		if err := s.throttles.take(call, op.Bucket); err != nil {
			return err
		}
		in := op.newInput()
		if err := svc.Protocol.decode(req, in); err != nil {
			return err
		}
		if d, ok := in.(DryRunner); ok && d.IsDryRun() {
			return &Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", Status: http.StatusPreconditionFailed}
		}
		out, err = op.run(call, in)
		after = call.after
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, fn := range after {
		fn()
	}
	var buf bytes.Buffer
	if err := svc.Protocol.encode(&buf, action, requestID, out); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (svc Service) operation(name string) (Operation, bool) {
	for _, op := range svc.Operations {
		if op.Name == name {
			return op, true
		}
	}
	return Operation{}, false
}

// scope is what a SigV4 signature says of where a request belongs.
type scope struct{ key, region, service string }

// credentialScope reads it from the Authorization header, or from the query of
// a presigned request: KEY/20261122/us-east-1/ec2/aws4_request.
func credentialScope(r *http.Request) (scope, bool) {
	cred := r.URL.Query().Get("X-Amz-Credential")
	if h := r.Header.Get("Authorization"); h != "" {
		_, after, _ := strings.Cut(h, "Credential=")
		cred, _, _ = strings.Cut(after, ",")
	}
	parts := strings.Split(strings.TrimSpace(cred), "/")
	if len(parts) != 5 {
		return scope{}, false
	}
	return scope{key: parts[0], region: parts[2], service: parts[3]}, true
}

func (c *Call) authenticate(s scope, p Protocol) error {
	cred, ok := cloud.Credentials.Get(c.Tx, "", s.key)
	if !ok {
		return p.unauthenticated()
	}
	if !cred.Expires.IsZero() && !c.Now.Before(cred.Expires) {
		return &Error{Code: "RequestExpired", Message: "Request has expired."}
	}
	c.Credential = cred
	c.Account, _ = cloud.Accounts.Get(c.Tx, "", cred.Account)
	return nil
}

// authorise refuses what the credential's Deny list names. Patterns are those
// of path.Match: "ec2:*", "ssm:PutParameter".
func (c *Call) authorise(svc Service) error {
	prefix := svc.IAM
	if prefix == "" {
		prefix = svc.Name
	}
	action := prefix + ":" + c.Action
	for _, deny := range c.Credential.Deny {
		if ok, _ := path.Match(deny, action); ok {
			return denied(svc.Name, action, c.Credential.Principal)
		}
	}
	return nil
}

// denied is AWS's answer to a missing permission; EC2's differs from all others.
func denied(service, action, principal string) *Error {
	text := "User: " + principal + " is not authorized to perform: " + action
	if service == "ec2" {
		return &Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + text + " because no identity-based policy allows the " + action + " action.", Status: http.StatusForbidden}
	}
	if service == "sts" {
		return &Error{Code: "AccessDenied", Message: text, Status: http.StatusForbidden}
	}
	return &Error{Code: "AccessDeniedException", Message: text}
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
	return srv.Shutdown(stop)
}
