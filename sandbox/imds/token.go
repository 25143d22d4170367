package imds

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// tokens are the sessions that are open: who may use each, and until when.
type tokens struct {
	mu   sync.Mutex
	open map[string]session
}

type session struct {
	instance string
	until    time.Time
}

// longest is six hours.
const longest = 21600

// putToken answers PUT /latest/api/token. A request that came through a proxy
// is refused, as AWS does to protect open ones.
func (s *Service) putToken(w http.ResponseWriter, r *http.Request, in Instance) {
	if r.URL.Path != "/latest/api/token" {
		fail(w, http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("X-Forwarded-For") != "" {
		fail(w, http.StatusForbidden)
		return
	}
	ttl, err := strconv.Atoi(r.Header.Get(headerTTL))
	if err != nil || ttl < 1 || ttl > longest {
		fail(w, http.StatusBadRequest)
		return
	}
	token := s.tokens.make(in.ID, s.cfg.Now(), time.Duration(ttl)*time.Second)
	w.Header().Set(headerTTL, strconv.Itoa(ttl))
	reply(w, token)
}

func (t *tokens) make(instance string, now time.Time, ttl time.Duration) string {
	var b [40]byte
	_, _ = rand.Read(b[:])
	token := base64.URLEncoding.EncodeToString(b[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string]session{}
	}
	for id, s := range t.open {
		if !now.Before(s.until) {
			delete(t.open, id)
		}
	}
	t.open[token] = session{instance, now.Add(ttl)}
	return token
}

func (t *tokens) good(token, instance string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.open[token]
	return ok && s.instance == instance && now.Before(s.until)
}
