package door

// Steered reports whether the house can lead any port to a listener.
func Steered(h *House) bool { return h.steer != nil }
