// Package imds is the instance metadata service, version 2 and, where an
// instance allows it, version 1. It serves whatever instance the request comes
// from.
//
// Cloud-init walks the whole tree and throws all of it away if one listed item
// answers 404. So a directory lists exactly what it serves, and "public-keys/"
// is not listed at all when there is no key.
package imds

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Instance is what the service tells of an instance. What is empty is not
// served.
type Instance struct {
	ID, Account, Region, Zone, ZoneID string
	Partition, Domain                 string // of the region, and of AWS's names there
	Image, Type, Arch                 string // Arch as EC2 spells it
	Index                             int
	Reservation                       string
	Private, Public                   netip.Addr
	Hostname, LocalName, PublicName   string
	MAC, Interface                    string
	Subnet, SubnetCIDR, VPC, VPCCIDR  string
	Groups, GroupIDs                  []string
	KeyName, AuthorizedKey            string
	RootDevice                        string
	ProductCode                       string // of a Marketplace product
	Profile                           string // ARN of its IAM instance profile
	UserData                          []byte
	Tags                              map[string]string // nil: not in the metadata
	Launched                          time.Time
	TokensRequired, Disabled          bool
}

// Config is what a service needs.
type Config struct {
	// Lookup finds the instance with this private address.
	Lookup func(netip.Addr) (Instance, bool)
	// Now is the sandbox's clock.
	Now func() time.Time
}

// Service answers machines. It is an http.Handler.
type Service struct {
	cfg    Config
	tokens tokens
}

// New makes a service. Its tokens are forgotten when the sandbox stops, which
// clients must be able to bear: they ask for a new one at 401.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

const (
	headerTTL   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	headerToken = "X-Aws-Ec2-Metadata-Token" //nolint:gosec // a header's name
)

// ServeHTTP answers one request of a machine.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "EC2ws")
	in, ok := s.instance(r)
	switch {
	case !ok:
		fail(w, http.StatusNotFound)
	case in.Disabled:
		fail(w, http.StatusForbidden)
	case r.Method == http.MethodPut:
		s.putToken(w, r, in)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		fail(w, http.StatusMethodNotAllowed)
	case !s.admitted(r, in):
		fail(w, http.StatusUnauthorized)
	default:
		serve(w, in, r.URL.Path)
	}
}

func (s *Service) instance(r *http.Request) (Instance, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return Instance{}, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return Instance{}, false
	}
	return s.cfg.Lookup(addr.Unmap())
}

// admitted: with a token of its own that is still good, or without one where
// version 1 is allowed.
func (s *Service) admitted(r *http.Request, in Instance) bool {
	token := r.Header.Get(headerToken)
	if token == "" {
		return !in.TokensRequired
	}
	return s.tokens.good(token, in.ID, s.cfg.Now())
}

// versions of the API that are served; all have the same tree.
var versions = []string{"2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest"}

func serve(w http.ResponseWriter, in Instance, path string) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if version == "" {
		reply(w, strings.Join(versions, "\n"))
		return
	}
	if !slices.Contains(versions, version) {
		fail(w, http.StatusNotFound)
		return
	}
	root := tree(in)
	if text, ok := root.find(strings.Split(rest, "/")); ok {
		reply(w, text)
		return
	}
	fail(w, http.StatusNotFound)
}

func reply(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, text)
}

// fail answers as AWS does, with a page of HTML.
func fail(w http.ResponseWriter, status int) {
	text := http.StatusText(status)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><head><title>"+text+"</title></head><body><h1>"+text+"</h1></body></html>\n")
}
