package api

import "time"

// orNull is null for what is not there.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// orEmpty writes {} for no metadata, so that readers need no case for null.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// stamp is a time as RFC 3339 in UTC, with as many decimals as it has.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(stamp(t))
}

// numberOrNull is null for a number that is not known.
func numberOrNull(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// texts writes words of one type as texts; the result is never nil.
func texts[W ~string](list []W) []string {
	plain := make([]string, len(list))
	for i, word := range list {
		plain[i] = string(word)
	}
	return plain
}
