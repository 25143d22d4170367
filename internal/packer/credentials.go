package packer

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// Session are credentials that expire. Their source gives new ones.
type Session struct {
	KeyID, Secret, Token string
	Ends                 time.Time
}

// lent is the environment of one run of Packer, which gets its credentials from this process
// if there is a source of them: at an address of the loopback interface and with a password, as
// containers get them on AWS. Both generations of its SDK ask again before a session ends.
// The variables that they would read first are left out. The end has to be called.
func (r Runner) lent(ctx context.Context) (env []string, end func(), err error) {
	env, end = r.Environment(), func() {}
	if r.Session == nil {
		return env, end, nil
	}
	if s, err := r.Session(ctx); err != nil || s == nil {
		return env, end, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, end, err
	}
	password := rand.Text()
	srv := &http.Server{Handler: lender{r.Session, password}, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	env = slices.DeleteFunc(env, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(sources, name) || strings.HasPrefix(name, "AWS_CONTAINER_")
	})
	return append(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://"+l.Addr().String()+"/", "AWS_CONTAINER_AUTHORIZATION_TOKEN="+password,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull), func() { _ = srv.Close() }, nil
}

// sources are the variables that name credentials before those of a container.
var sources = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
}

// lender answers as the credentials endpoint of a container.
type lender struct {
	session  func(context.Context) (*Session, error)
	password string
}

func (l lender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(l.password)) != 1 {
		http.Error(w, "not for you", http.StatusForbidden)
		return
	}
	s, err := l.session(r.Context())
	if err != nil || s == nil {
		http.Error(w, "no credentials", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"AccessKeyId": s.KeyID, "SecretAccessKey": s.Secret, "Token": s.Token, "Expiration": s.Ends.UTC().Format(time.RFC3339),
	})
}
