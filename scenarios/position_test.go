package scenarios

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestIndexKeys(t *testing.T) {
	t.Parallel()
	const text = `# a comment [with] = "marks"
name = "x" # another = one
"quoted.key" = 'a = b'
list = [ "a", # ] not the end
  ["b", "c"], { k = 1 },
  """
  x = 1 """"", 'd']
[cluster]
  nodes=100
é_not = """ # = not a key, and an error
`
	got := map[string][2]int{}
	for key, at := range indexKeys(text) {
		line, column := lineColumn(text, at)
		got[key] = [2]int{line, column}
	}
	want := map[string][2]int{
		"name":          {2, 1},
		`"quoted.key"`:  {3, 1},
		"list":          {4, 1},
		"list[0]":       {4, 10},
		"list[1]":       {5, 3},
		"list[2]":       {5, 15},
		"list.k":        {5, 17},
		"list[3]":       {6, 3},
		"list[4]":       {7, 16},
		"cluster":       {8, 2},
		"cluster.nodes": {9, 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTooDeep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		deep       bool
	}{
		{"nothing", "", false},
		{"many headers", strings.Repeat("[a]\n", 1000), false},
		{"just not", "x = " + strings.Repeat("[", maxDepth), false},
		{"arrays", "x = " + strings.Repeat("[", maxDepth+1), true},
		{"arrays and tables", "x = " + strings.Repeat("[{a=", maxDepth), true},
		{"a key of many parts", strings.Repeat("a.", maxDepth-1) + "a = 1", false},
		{"a key of too many parts", strings.Repeat("a.", maxDepth) + "a = 1", true},
		{"a header of too many parts", "[" + strings.Repeat("a.", maxDepth) + "a]", true},
		{"a key in a table of too many parts", "[a]\n[b]\nx = { " + strings.Repeat("a.", maxDepth) + "a = 1 }", true},
		{"closed too often", strings.Repeat("]", 1000) + strings.Repeat("[", maxDepth), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, deep := tooDeep(tt.text); deep != tt.deep {
				t.Errorf("tooDeep = %t, want %t", deep, tt.deep)
			}
		})
	}
}

// FuzzIndexKeys compares the index with the keys that the TOML library found:
// it must have each of them, at a place where that key is written.
func FuzzIndexKeys(f *testing.F) {
	for _, seed := range []string{
		"a = 1\n[b]\nc.d = 2\n",
		"[a.b]\nc = [1, [2, 3], {d = 4}]\n[[e]]\nf = 1\n[[e]]\nf = 2\n",
		"'a b'.\"c\\u0041\" = '''x\n''''' \n",
		"a = \"\"\"\\\"\"\"\"\"\"\nb = 2\n",
		"a = {\n b = 1, # c\n}\n",
		"a = 1979-05-27T07:32:00Z\nb = 07:32:00 \nc = 1979-05-27 07:32:00\n",
		"\"\" = 1\r\n[ a . 'b' ]\r\nc=[ ]\r\n",
		"a = [{b = 1}, {b = {c = []}}]\n",
		"x = nan\ny = -inf\nz = 0xff_ff\nw = 1e5\n",
		"# only a comment",
		"\"\\u00e9\\e\" = 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.TrimPrefix(text, "\ufeff")
		found := indexKeys(text)
		for key, at := range found {
			if at < 0 || int(at) >= len(text) {
				t.Fatalf("key %s at %d of %d bytes", key, at, len(text))
			}
		}
		if _, deep := tooDeep(text); deep || len(text) > 10_000 {
			return
		}
		var root map[string]any
		meta, err := toml.Decode(text, &root)
		if err != nil {
			return
		}
		for _, key := range meta.Keys() {
			at, ok := found[key.String()]
			if !ok {
				t.Errorf("no place of %s", key)
				continue
			}
			last := key[len(key)-1]
			if rest := text[at:]; !strings.HasPrefix(rest, last) && rest[0] != '"' && rest[0] != '\'' {
				t.Errorf("%s is not at %d, %.20q", key, at, rest)
			}
		}
	})
}
