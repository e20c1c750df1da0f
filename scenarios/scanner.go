package scenarios

import (
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// scanner reads TOML only as far as it takes to know where keys stand. Its
// methods report whether they understood what they read; nothing is found
// after the first that did not.
type scanner struct {
	text  string
	pos   int
	depth int
	// arrays is how many arrays pos lies in.
	arrays int
	found  index
	// deep tells that a key at pos has too many parts.
	deep bool
}

func (s *scanner) document() {
	var table toml.Key
	for {
		s.skip(true)
		switch {
		case s.pos >= len(s.text):
			return
		case s.peek() == '[':
			key, ok := s.header()
			if !ok {
				return
			}
			table = key
		case !s.pair(table):
			return
		}
	}
}

// header reads [a.b] or [[a.b]].
func (s *scanner) header() (toml.Key, bool) {
	brackets := 1
	if strings.HasPrefix(s.text[s.pos:], "[[") {
		brackets = 2
	}
	s.pos += brackets
	key, ok := s.key(nil)
	if !ok || !strings.HasPrefix(s.text[s.pos:], "]]"[:brackets]) {
		return nil, false
	}
	s.pos += brackets
	return key, true
}

// pair reads key = value.
func (s *scanner) pair(table toml.Key) bool {
	key, ok := s.key(table)
	if !ok || s.peek() != '=' {
		return false
	}
	s.pos++
	s.skip(false)
	return s.value(key)
}

// key reads a dotted key below a table, marks each of its parts, and skips the
// blanks after it.
func (s *scanner) key(table toml.Key) (toml.Key, bool) {
	key := slices.Clip(table)
	for {
		s.skip(false)
		at := s.pos
		part, ok := s.part()
		if !ok {
			return nil, false
		}
		key = append(key, part)
		if len(key) > maxDepth {
			s.deep = true
			return nil, false
		}
		s.mark(key.String(), at)
		s.skip(false)
		if s.peek() != '.' {
			return key, true
		}
		s.pos++
	}
}

// part reads one bare or quoted part of a key.
func (s *scanner) part() (string, bool) {
	switch s.peek() {
	case '"', '\'':
		return s.quoted()
	}
	begin := s.pos
	for s.pos < len(s.text) && isBare(s.text[s.pos]) {
		s.pos++
	}
	return s.text[begin:s.pos], s.pos > begin
}

// value skips the value of a key, whose elements and keys it marks.
func (s *scanner) value(key toml.Key) bool {
	switch s.peek() {
	case '"', '\'':
		_, ok := s.quoted()
		return ok
	case '[', '{':
		s.depth++
		defer func() { s.depth-- }()
		if s.depth > maxDepth {
			return false
		}
		if s.peek() == '[' {
			return s.array(key)
		}
		return s.inlineTable(key)
	}
	begin := s.pos
	for s.pos < len(s.text) && !strings.ContainsRune(",]}#\n", rune(s.text[s.pos])) {
		s.pos++
	}
	return s.pos > begin
}

func (s *scanner) array(key toml.Key) bool {
	s.pos++
	s.arrays++
	defer func() { s.arrays-- }()
	for i := 0; ; i++ {
		s.skip(true)
		if s.peek() == ']' {
			s.pos++
			return true
		}
		at := s.pos
		if !s.value(key) {
			return false
		}
		if s.arrays == 1 { // of an array in an array, only the outer one's
			s.mark(element(key, i), at)
		}
		if s.skip(true); s.peek() == ',' {
			s.pos++
		} else if s.peek() != ']' {
			return false
		}
	}
}

func (s *scanner) inlineTable(key toml.Key) bool {
	s.pos++
	for {
		s.skip(true)
		if s.peek() == '}' {
			s.pos++
			return true
		}
		if !s.pair(key) {
			return false
		}
		if s.skip(true); s.peek() == ',' {
			s.pos++
		} else if s.peek() != '}' {
			return false
		}
	}
}

// quoted reads a string in any of TOML's four forms.
func (s *scanner) quoted() (string, bool) {
	quote := s.text[s.pos : s.pos+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], long) {
		return "", s.skipLong(long)
	}
	begin := s.pos
	s.pos++
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '\n':
			return "", false
		case c == '\\' && quote == `"`:
			s.pos++
		case c == quote[0]:
			s.pos++
			return unquote(s.text[begin:s.pos])
		}
	}
	return "", false
}

// skipLong skips a string of several lines, which may end in up to two more quotes.
func (s *scanner) skipLong(quotes string) bool {
	s.pos += len(quotes)
	for s.pos < len(s.text) {
		switch {
		case s.text[s.pos] == '\\' && quotes[0] == '"':
			s.pos += 2
		case strings.HasPrefix(s.text[s.pos:], quotes):
			s.pos += len(quotes)
			for extra := 0; extra < 2 && s.peek() == quotes[0]; extra++ {
				s.pos++
			}
			return true
		default:
			s.pos++
		}
	}
	return false
}

// skip skips blanks, and with lines also line ends and comments.
func (s *scanner) skip(lines bool) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t' || c == '\r':
			s.pos++
		case lines && c == '\n':
			s.pos++
		case lines && c == '#':
			for s.pos < len(s.text) && s.text[s.pos] != '\n' {
				s.pos++
			}
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos >= len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) mark(path string, at int) {
	if _, known := s.found[path]; !known {
		s.found[path] = place(at)
	}
}

// unquote reads a quoted key as TOML does.
func unquote(text string) (string, bool) {
	if !strings.Contains(text, `\`) {
		return text[1 : len(text)-1], true
	}
	var value struct{ X string }
	_, err := toml.Decode("X = "+text, &value)
	return value.X, err == nil
}

// isBare reports whether a byte may stand in a key without quotes.
func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}
