package sandbox

import (
	"io"
	"net"
	"net/http"
)

// addressPath is where a client is told its own address, as checkip.amazonaws.com does.
const addressPath = "/sandbox/address"

// tellingAddresses answers what clients ask for their own address, and passes on the rest.
func tellingAddresses(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if r.URL.Path != addressPath || r.Method != http.MethodGet || err != nil {
			rest.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, host+"\n")
	})
}
