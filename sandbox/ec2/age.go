package ec2

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Age is a duration in a world file: as time.ParseDuration takes it, or a
// number of days: "720h", "30d".
type Age time.Duration

// UnmarshalYAML reads an Age. It requests the value, not its text: for that,
// the decoder would scan the whole file once for each age in it.
func (a *Age) UnmarshalYAML(value func(any) error) error {
	var text string
	if err := value(&text); err != nil {
		return err
	}
	d, err := parseAge(text)
	*a = Age(d)
	return err
}

func parseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil {
			return 0, fmt.Errorf("age %q: want a number of days (30d) or a duration (12h)", s)
		}
		return time.Duration(n * float64(24*time.Hour)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("age %q: want a number of days (30d) or a duration (12h)", s)
	}
	return d, nil
}
