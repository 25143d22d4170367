package boottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	sshPort = "22"
	// answersSSH is how long one attempt may take; instances drop packets
	// while they boot.
	answersSSH = 20 * time.Second
)

// shell is an SSH session on an instance.
type shell struct {
	client  *ssh.Client
	hostKey string
}

// overSSH retries SSH until the instance accepts it, or ctx ends, and returns the
// instance's host key as well. The error is that of the last attempt.
func overSSH(ctx context.Context, v *visit) (runner, string, error) {
	s, m, same := &shell{}, v.machine, steady{}
	err := until(ctx, v.test.Poll, func() error {
		err := s.dial(ctx, m, v.test.User, v.key)
		if err != nil && ctx.Err() == nil && same.see(err.Error(), time.Now()) {
			v.test.tell("%s: SSH as %s: for %s: %v; the test goes on to its limit", m.ID, v.test.User, steadyAfter, err)
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("log in to %s by SSH as %s: %w", m.Address, v.test.User, err)
	}
	return s, s.hostKey, nil
}

func (s *shell) dial(ctx context.Context, m Machine, user string, key ssh.Signer) error {
	ctx, cancel := context.WithTimeout(ctx, answersSSH)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(m.Address, sshPort))
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	// No one knows the key of an instance that was never started before; it is
	// compared with the other instance's later.
	seen := func(_ string, _ net.Addr, key ssh.PublicKey) error {
		s.hostKey = string(ssh.MarshalAuthorizedKey(key))
		return nil
	}
	c, channels, requests, err := ssh.NewClientConn(conn, conn.RemoteAddr().String(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: seen,
	})
	if err != nil {
		conn.Close()
		return err
	}
	s.client = ssh.NewClient(c, channels, requests)
	return nil
}

// mostPrinted is how many bytes are kept of what a command prints, of each stream.
const mostPrinted = 1 << 20

// result is what a command came to.
type result struct {
	out, errors string
	lost        lost
	exit        int
}

// lost are the bytes that were printed and not kept.
type lost struct{ out, errors int }

// stream keeps the first bytes that are written to it.
type stream struct {
	kept bytes.Buffer // not embedded: io.Copy would use its ReadFrom
	lost int
}

func (s *stream) Write(p []byte) (int, error) {
	keep := min(len(p), mostPrinted-s.kept.Len())
	s.kept.Write(p[:keep])
	s.lost += len(p) - keep
	return len(p), nil
}

// whole is a text of which the end was lost, without what may be half a line: the
// beginning of a secret could not be told from other text.
func whole(text string, lost int) string {
	if lost == 0 {
		return text
	}
	lines := text[:strings.LastIndexByte(text, '\n')+1]
	return lines + fmt.Sprintf("[cut: %d more bytes]\n", lost+len(text)-len(lines))
}

// run implements runner.
func (s *shell) run(ctx context.Context, command string) (result, error) {
	session, err := s.client.NewSession()
	if err != nil {
		return result{}, err
	}
	defer session.Close()
	stop := context.AfterFunc(ctx, func() { s.client.Close() })
	defer stop()
	var out, errs stream
	session.Stdout, session.Stderr = &out, &errs
	err = session.Run(command)
	res := result{out: out.kept.String(), errors: errs.kept.String(), lost: lost{out.lost, errs.lost}}
	var exit *ssh.ExitError
	switch {
	case ctx.Err() != nil:
		return res, fmt.Errorf("did not end in time")
	case errors.As(err, &exit):
		res.exit = exit.ExitStatus()
		return res, nil
	}
	return res, err
}

func (s *shell) close() { _ = s.client.Close() }
