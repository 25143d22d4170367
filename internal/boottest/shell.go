package boottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	sshPort = "22"
	// answersSSH is how long one attempt may take; machines drop packets while
	// they boot.
	answersSSH = 20 * time.Second
)

// shell is a machine that we are logged in to.
type shell struct {
	client  *ssh.Client
	hostKey string
}

// login opens SSH, as soon as the machine lets us in, or ctx ends. The error is
// that of the last try.
func login(ctx context.Context, every time.Duration, m Machine, user string, key ssh.Signer) (*shell, error) {
	s := &shell{}
	if err := until(ctx, every, func() error { return s.dial(ctx, m, user, key) }); err != nil {
		return nil, fmt.Errorf("log in to %s by SSH as %s: %w", m.Address, user, err)
	}
	return s, nil
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
	// Nobody knows the key of a machine that was never started before; what it
	// is will be compared with another machine's.
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

// result is what a command came to.
type result struct {
	out, errors string
	exit        int
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
	var out, errs bytes.Buffer
	session.Stdout, session.Stderr = &out, &errs
	err = session.Run(command)
	res := result{out: out.String(), errors: errs.String()}
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
