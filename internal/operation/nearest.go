package operation

import (
	"cmp"
	"slices"
	"strings"
)

// longestName bounds how much of a wrong name is compared: no right one is
// longer.
const longestName = 64

// meant proposes the word that was probably meant, or nothing.
func meant(given string, words []string) string {
	if near := nearest(given, words, 1); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return ""
}

// nearest are the words most like one that does not exist: those that a third
// of its letters would have to change for, or that it is a part of.
func nearest(given string, words []string, most int) []string {
	type guess struct {
		word     string
		distance int
	}
	var guesses []guess
	given = strings.ToLower(given[:min(len(given), longestName)])
	for _, word := range words {
		distance := edits(given, word)
		if distance <= 1+len(given)/3 || given != "" && strings.Contains(word, given) {
			guesses = append(guesses, guess{word, distance})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	var near []string
	for _, g := range guesses[:min(most, len(guesses))] {
		near = append(near, g.word)
	}
	return near
}

// edits is how many letters must be added, taken away or changed to make one
// word into another (Levenshtein's distance).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
