package wire

import "net/http"

// Decode reads a request for an operation as the server does.
func (svc Service) Decode(operation string, r *http.Request) (any, error) {
	req, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	op, _ := svc.operation(operation)
	in := op.newInput()
	return in, svc.Protocol.decode(req, in)
}
