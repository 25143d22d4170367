package wire

import (
	"bytes"
	"net/http"

	"amiship/sandbox/cloud"
)

// Beside serves what is at the endpoint and no call of AWS's, such as a file, with the
// faults of calls: of a service, and of an action that says what it is. Those that name an
// account or a region do not match.
func (s *Server) Beside(service, action string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := &Call{Service: service, Action: action}
		_ = s.store.View(func(tx *cloud.Tx) error {
			call.Tx = tx
			call.fault = s.hit(call)
			return nil
		})
		call.wait(r.Context())
		switch loss := call.loss(); {
		case loss == Silent:
			lose(w, r, nil, Silent)
		case loss != "":
			whole := &kept{ResponseWriter: w}
			h.ServeHTTP(whole, r)
			lose(w, r, whole.body.Bytes(), loss)
		}
		h.ServeHTTP(w, r)
	})
}

// kept keeps the body of an answer.
type kept struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (k *kept) WriteHeader(int) {}

func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
