package instant

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/door"
)

// guest is one running machine: a door and the connections that came in.
type guest struct {
	driver *Driver
	spec   machine.Spec
	config *ssh.ServerConfig

	door *door.Door

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

func newGuest(d *Driver, spec machine.Spec) *guest {
	g := &guest{driver: d, spec: spec, conns: map[net.Conn]bool{}}
	g.config = &ssh.ServerConfig{
		PublicKeyCallback: g.authenticate,
		// Clients as old as Packer 1.6 may sign with RSA and SHA-1 only.
		PublicKeyAuthAlgorithms: append(ssh.SupportedAlgorithms().PublicKeyAuths, ssh.KeyAlgoRSA),
		ServerVersion:           "SSH-2.0-instant",
	}
	g.config.AddHostKey(hostKey(spec.ID))
	g.door = d.house.Open(spec.Public, func(c *net.TCPConn, _ uint16) { g.serve(c) })
	return g
}

func (g *guest) authenticate(c ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
	own, _, _, _, err := ssh.ParseAuthorizedKey([]byte(g.spec.AuthorizedKey))
	if err != nil {
		return nil, fmt.Errorf("the machine has no key to log in with: %w", err)
	}
	if c.User() != g.spec.User || !bytes.Equal(own.Marshal(), offered.Marshal()) {
		return nil, fmt.Errorf("no such key for user %s", c.User())
	}
	return nil, nil
}

// listen makes the machine answer SSH on port 22 where the ranges hold it, on
// their lowest port where not, and nowhere if there is none.
func (g *guest) listen(ports []machine.PortRange) error {
	port := sshPort(ports)
	if port == 0 {
		return g.door.SetPorts(nil)
	}
	return g.door.SetPorts([]machine.PortRange{{From: port, To: port}})
}

func sshPort(ports []machine.PortRange) uint16 {
	var lowest uint16
	for _, r := range ports {
		if r.From <= 22 && 22 <= r.To {
			return 22
		}
		if from := max(r.From, 1); lowest == 0 || from < lowest {
			lowest = from
		}
	}
	return lowest
}

func (g *guest) keep(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		c.Close()
		return false
	}
	g.conns[c] = true
	return true
}

func (g *guest) close() {
	g.door.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.conns {
		c.Close()
	}
}

func (g *guest) serve(c net.Conn) {
	if !g.keep(c) {
		return
	}
	defer func() {
		c.Close()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.conns, c)
	}()
	_, channels, requests, err := ssh.NewServerConn(c, g.config)
	if err != nil {
		g.driver.cfg.Log.Debug("ssh handshake", "id", g.spec.ID, "err", err)
		return
	}
	go ssh.DiscardRequests(requests)
	for ch := range channels {
		if ch.ChannelType() != "session" {
			_ = ch.Reject(ssh.UnknownChannelType, "only sessions") // the client may be gone
			continue
		}
		session, requests, err := ch.Accept()
		if err != nil {
			return
		}
		go g.session(session, requests)
	}
}

// session answers the first exec or shell; what clients ask for around it
// (environment, terminals, agents) is granted and means nothing.
func (g *guest) session(ch ssh.Channel, requests <-chan *ssh.Request) {
	defer ch.Close()
	for r := range requests {
		switch r.Type {
		case "exec":
			var exec struct{ Command string }
			err := ssh.Unmarshal(r.Payload, &exec)
			_ = r.Reply(err == nil, nil)
			if err == nil {
				g.exit(ch, g.exec(ch, exec.Command))
			}
			return
		case "shell":
			_ = r.Reply(true, nil)
			script, _ := io.ReadAll(ch) // what came before a broken line counts
			g.exit(ch, g.exec(ch, string(script)))
			return
		case "subsystem": // sftp: scp is what there is
			_ = r.Reply(false, nil)
		default:
			_ = r.Reply(true, nil)
		}
	}
}

func (g *guest) exit(ch ssh.Channel, status int) {
	_ = ch.CloseWrite()
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
}

// exec records the command and answers it.
func (g *guest) exec(ch ssh.Channel, command string) int {
	if err := g.record(command); err != nil {
		fmt.Fprintln(ch.Stderr(), err)
		return 1
	}
	if s, ok := parseSCP(command); ok {
		if err := g.transfer(ch, s); err != nil {
			fmt.Fprintln(ch.Stderr(), "scp:", err)
			return 1
		}
		return 0
	}
	if g.driver.cfg.Exec == nil {
		_, _ = io.WriteString(ch, g.own(command))
		return 0
	}
	output, status := g.driver.cfg.Exec(g.spec, command)
	_, _ = io.WriteString(ch, output) // a client that left does not care
	return status
}

// own is the output of commands that print what is unique to a machine; all
// others print nothing.
func (g *guest) own(command string) string {
	switch {
	case strings.Contains(command, "/etc/shadow"):
		return g.letsIn()
	case strings.Contains(command, "/etc/machine-id"):
		return hex.EncodeToString(seed("machine-id", g.spec.ID)[:16]) + "\n"
	case strings.Contains(command, "/.ssh/authorized_keys"):
		return g.spec.AuthorizedKey
	}
	return ""
}

// letsIn is the answer of an inspection of whom the machine lets in: root and its login,
// both without a password, and the key that it was launched with.
func (g *guest) letsIn() string {
	home := "/home/" + g.spec.User
	return "account\troot\t0\t/root\t/bin/bash\tlocked\n" +
		"account\t" + g.spec.User + "\t1000\t" + home + "\t/bin/bash\tlocked\n" +
		"sshd\tsshd -T\tpasswordauthentication\tno\n" +
		"key\t" + home + "/.ssh/authorized_keys\t" + strings.TrimSpace(g.spec.AuthorizedKey) + "\nend\n"
}

// hostKey is a machine's own, and stays so when it starts again.
func hostKey(id string) ssh.Signer {
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed("host key", id)))
	if err != nil {
		panic(err) // of this kind it takes all
	}
	return key
}

func seed(kind, id string) []byte {
	sum := sha256.Sum256([]byte(kind + "\x00" + id))
	return sum[:]
}

func (g *guest) record(command string) error {
	f, err := os.OpenFile(g.driver.console(g.spec.ID), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s$ %s\n", g.spec.User, strings.TrimSpace(command))
	return errors.Join(err, f.Close())
}

// host is where a file of the machine is kept.
func (g *guest) host(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join("/home", g.spec.User, path)
	}
	return filepath.Join(g.driver.disk(g.spec.ID), filepath.Clean(path))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Type() == fs.ModeDir
}
