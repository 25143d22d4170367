package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
)

// settingsOf is what a file says under settings, which is all that is read of it.
type settingsOf struct {
	Settings map[string]any `yaml:"settings"`
}

// ErrNoSettings says that a file is not one that `amiship probe` wrote.
var ErrNoSettings = errors.New("it has no settings")

// readAnswers returns the settings that AWS's answers to a probe give, under those that the
// world gives itself.
func readAnswers(path, world string) (set Settings, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read AWS's answers %s: %w", path, err)
		}
	}()
	merged, err := settingsIn(path)
	if err != nil {
		return set, err
	}
	if merged == nil {
		return set, ErrNoSettings
	}
	if world != "" {
		over, err := settingsIn(world)
		if err != nil {
			return set, err
		}
		overlay(merged, over)
	}
	text, err := yaml.Marshal(merged)
	if err != nil {
		return set, err
	}
	if err := strictly(bytes.NewReader(text), &set); err != nil {
		return set, fmt.Errorf("its settings are not this sandbox's:\n%s", yaml.FormatError(err, false, true))
	}
	return set, set.Marketplace.Check()
}

func settingsIn(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s settingsOf
	err = yaml.Unmarshal(text, &s)
	return s.Settings, err
}

// overlay puts values over those that a map has.
func overlay(on, over map[string]any) {
	for key, value := range over {
		inner, nested := value.(map[string]any)
		below, there := on[key].(map[string]any)
		if nested && there {
			overlay(below, inner)
			continue
		}
		on[key] = value
	}
}
