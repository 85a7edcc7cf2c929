package flow

import (
	"fmt"
	"slices"
	"strings"
)

// nearest is the remedy for a name that is not known: the one that was probably
// meant, or all of them when none is near and they are few.
func nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	slices.Sort(known)
	for _, other := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(other), least); d < least {
			best, least = other, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(known) > 0 && len(known) <= 16:
		return "there are " + strings.Join(known, ", ")
	}
	return ""
}

// distance is how many letters two names differ in (Levenshtein), or most when
// it is at least that.
func distance(a, b string, most int) int {
	if len(a) > 80 || len(b) > 80 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return min(row[len(b)], most)
}
