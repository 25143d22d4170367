package source

import (
	"errors"
	"os/user"
	"strings"
	"testing"
)

// TestWithoutAHome: the system's home is taken, and where there is none, the variable is
// named that says where packages go.
func TestWithoutAHome(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	known := func() (*user.User, error) { return &user.User{HomeDir: "/home/runner"}, nil }
	if got, err := userCache(known); err != nil || got != "/home/runner/.cache" {
		t.Errorf("it is %q, %v", got, err)
	}
	for name, u := range map[string]func() (*user.User, error){
		"no user": func() (*user.User, error) { return nil, errors.New("unknown userid 1000790000") },
		"no home": func() (*user.User, error) { return &user.User{}, nil },
	} {
		if got, err := userCache(u); err == nil || !strings.HasSuffix(err.Error(), ": set XDG_CACHE_HOME to a directory") {
			t.Errorf("%s: it is %q, %v", name, got, err)
		}
	}
}
