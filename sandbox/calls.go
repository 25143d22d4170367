package sandbox

import (
	"encoding/json"
	"os"
	"sync"

	"amiship/sandbox/wire"
)

// callLog writes a line of JSON for every call that was answered.
type callLog struct {
	mu   sync.Mutex
	file *os.File
}

func openCalls(path string) (*callLog, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &callLog{file: f}, nil
}

// write appends the call in one piece. A log that cannot be written does not
// stop the sandbox.
func (c *callLog) write(l wire.Logged) {
	line, err := json.Marshal(l)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.file.Write(append(line, '\n'))
}

func (c *callLog) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.file.Close()
}
