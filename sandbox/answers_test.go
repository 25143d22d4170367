package sandbox

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace"
)

// TestReadAnswers: the settings of a probe hold where the world says nothing; what it says
// wins.
func TestReadAnswers(t *testing.T) {
	const answers = `{"probe": 1, "statements": [{"name": "unknown to the sandbox"}],
"settings": {"ec2": {"deregister_pending": "keep", "image_changes": -1, "snapshot_copies": 7}, "marketplace": {"cancel_refusal": "validation"}, "image_check": "4.2s"}}`
	const world = "settings:\n  ec2: {image_changes: 9, copy_image: 3m}\n  marketplace: {open: 2}\n"
	want := Settings{
		EC2:         ec2.Settings{DeregisterPending: ec2.PendingKept, ImageChanges: 9, SnapshotCopies: 7, CopyImage: 3 * time.Minute},
		Marketplace: marketplace.Settings{CancelRefusal: marketplace.RefuseValidation, Open: 2},
		ImageCheck:  4200 * time.Millisecond,
	}
	got, err := readAnswers(write(t, answers), write(t, world))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	for text, says := range map[string]string{
		"{}": "it has no settings",
		`{"settings": {"ec2": {"deregister_pending": "perhaps"}}}`:     "there are free, keep and refuse",
		`{"settings": {"marketplace": {"cancel_refusal": "perhaps"}}}`: "there are in_use, validation",
		`{"settings": {"colour": 1}}`:                                  "colour",
		`{"settings`:                                                   "",
	} {
		if _, err := readAnswers(write(t, text), ""); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "world.yaml") {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
	if _, err := readAnswers(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
