package cloud

import "time"

// Clock is the sandbox's time: wall time plus an offset that `sandbox advance`
// grows. Speed divides durations (a copy that takes 8 minutes on AWS is due
// after 4.8 s at speed 100); it does not make the clock run faster.
type Clock struct {
	Speed  float64          // 1 when zero
	Wall   func() time.Time // time.Now when nil
	offset time.Duration
}

func (c Clock) now() time.Time {
	wall := time.Now
	if c.Wall != nil {
		wall = c.Wall
	}
	return wall().Add(c.offset).UTC()
}

func (c Clock) scale(d time.Duration) time.Duration {
	if c.Speed <= 0 {
		return d
	}
	return time.Duration(float64(d) / c.Speed)
}
