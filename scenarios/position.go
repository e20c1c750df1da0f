package scenarios

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// place is where something stands in a text: a byte offset.
type place int

// lineColumn tells line and column of a byte offset, both from 1, the column
// in characters.
func lineColumn(text string, at place) (line, column int) {
	before := text[:min(max(int(at), 0), len(text))]
	line = strings.Count(before, "\n") + 1
	begin := strings.LastIndexByte(before, '\n') + 1
	return line, utf8.RuneCountInString(before[begin:]) + 1
}

// index is where the keys of a TOML text stand, each by its dotted path (see
// toml.Key), and the elements of an array by the path of the array and their
// number. Of a key that stands at several places it has the first. Keys within
// the elements of an array have the path they have in toml.MetaData.Keys:
// without the element's number.
type index map[string]place

// element is the path of an array's element.
func element(path toml.Key, i int) string {
	return path.String() + "[" + strconv.Itoa(i) + "]"
}

// indexKeys finds the places of a text's keys. Of a text that is no TOML, or is
// too deep, it finds those before the first error; it never fails.
func indexKeys(text string) index {
	s := scanner{text: text, found: index{}}
	s.document()
	return s.found
}

// maxDepth is how deeply arrays and tables may be nested, and how many parts a
// key may have: far more than in any file of ours, and little enough for a
// parser that calls itself and takes the square of a key's parts.
const maxDepth = 64

// tooDeep is where a text is nested deeper than maxDepth: by its opening
// brackets alone, whatever else is wrong with it (a bracket within a string
// counts too), or by the parts of a key. It reports false where it is not.
func tooDeep(text string) (place, bool) {
	s := scanner{text: text, found: index{}}
	s.document()
	if s.deep {
		return place(s.pos), true
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return place(i), true
			}
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return 0, false
}
