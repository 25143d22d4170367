package container_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// imds is the least that cloud-init takes for AWS: tokens, a tree of metadata
// by the asking machine's address, an identity document.
type imds struct {
	mu     sync.Mutex
	trees  map[string]map[string]string // by private address
	tokens map[string]int               // handed out, by private address
}

func newIMDS() *imds {
	return &imds{trees: map[string]map[string]string{}, tokens: map[string]int{}}
}

// add tells of the machine with the address a.
func (m *imds) add(a, id, mac, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	host := "ip-" + strings.ReplaceAll(a, ".", "-")
	nic := "network/interfaces/macs/" + mac + "/"
	m.trees[a] = map[string]string{
		"ami-id": "ami-0123456789abcdef0", "instance-id": id, "instance-type": "t3.micro",
		"hostname": host + ".ec2.internal", "local-hostname": host + ".ec2.internal",
		"local-ipv4": a, "mac": mac, "security-groups": "default",
		"placement/availability-zone": "us-east-1a", "placement/region": "us-east-1",
		"public-keys/0/openssh-key": key, nic + "device-number": "0", nic + "local-ipv4s": a,
		nic + "mac": mac, nic + "vpc-id": "vpc-1", nic + "subnet-ipv4-cidr-block": "172.31.0.0/20",
	}
}

// tokensOf is how many tokens the machine has asked for.
func (m *imds) tokensOf(a string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens[a]
}

func (m *imds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	tree := m.trees[from]
	switch token := "token-of-" + from; {
	case tree == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
		m.tokens[from]++
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(w, token)
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != token:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		serveTree(w, r, tree)
	}
}

func serveTree(w http.ResponseWriter, r *http.Request, tree map[string]string) {
	_, path, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/") // without the version
	if path == "dynamic/instance-identity" {
		io.WriteString(w, "document")
		return
	}
	if path == "dynamic/instance-identity/document" {
		json.NewEncoder(w).Encode(map[string]string{
			"instanceId": tree["instance-id"], "region": "us-east-1", "availabilityZone": "us-east-1a",
		})
		return
	}
	key, ok := strings.CutPrefix(path, "meta-data")
	key = strings.Trim(key, "/")
	if text := tree[key]; ok && text != "" {
		io.WriteString(w, text)
		return
	}
	if names := children(tree, key); ok && len(names) > 0 {
		io.WriteString(w, strings.Join(names, "\n"))
		return
	}
	http.NotFound(w, r)
}

// children lists what is below key, directories with a slash. Keys are listed
// with their names.
func children(tree map[string]string, key string) []string {
	if key == "public-keys" {
		return []string{"0=test"}
	}
	if key != "" {
		key += "/"
	}
	var names []string
	for path := range tree {
		if rest, ok := strings.CutPrefix(path, key); ok {
			name, _, dir := strings.Cut(rest, "/")
			if dir {
				name += "/"
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
