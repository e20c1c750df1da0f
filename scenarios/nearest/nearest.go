// Package nearest finds the name that a user probably meant.
package nearest

import "strings"

// Name returns the name most like word; of several equally like it the one that
// begins like it for longest, then the first. It reports false if none is close: more than a third of the word's letters
// (at least one, at most three) would have to change.
func Name(word string, names []string) (string, bool) {
	const longest = 64 // a longer word is no misspelt name, and costs its square
	if word == "" || len(word) > longest {
		return "", false
	}
	word = strings.ToLower(word)
	best, found := "", min(max(len(word)/3, 1), 3)
	for _, name := range names {
		d := distance(word, strings.ToLower(name))
		if d < found || d == found && (best == "" || shared(word, name) > shared(word, best)) {
			best, found = name, d
		}
	}
	return best, best != ""
}

// shared is the number of bytes with which both begin.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Hint is ` (did you mean "name"?)` for the name most like word, or empty where
// none is close or word is itself a name.
func Hint(word string, names []string) string {
	name, ok := Name(word, names)
	if !ok || name == word {
		return ""
	}
	return ` (did you mean "` + name + `"?)`
}

// distance is the number of bytes to insert, delete, replace or swap with
// their neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
