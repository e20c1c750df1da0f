package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Variable is one of a member's environment.
type Variable struct{ Name, Value string }

// variable is what may stand in [env], and how.
type variable struct {
	name    string
	form    *regexp.Regexp
	example string
}

// variables are what Go's runtime is tuned by (package runtime, "Environment Variables").
var variables = []variable{
	{"GODEBUG", regexp.MustCompile(`^[a-z0-9_]+=[^,\s]+(,[a-z0-9_]+=[^,\s]+)*$`), "gctrace=1"},
	{"GOGC", regexp.MustCompile(`^(off|[1-9][0-9]{0,5})$`), "100"},
	{"GOMAXPROCS", regexp.MustCompile(`^[1-9][0-9]{0,3}$`), "2"},
	{"GOMEMLIMIT", regexp.MustCompile(`^(off|[1-9][0-9]{0,15}([KMGT]iB|B)?)$`), "1GiB"},
}

// readEnv reads [env].
func readEnv(t *table) []Variable {
	var all []Variable
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	for _, key := range sorted(t.values) {
		value, _ := t.take(key)
		at := slices.Index(names, key)
		if at < 0 {
			advice := nearest.Hint(key, names) + "; it can be " + strings.Join(names, ", ")
			if strings.HasPrefix(key, "ETCD_") {
				advice = ": etcd's flags are written under [etcd]"
			}
			t.doc.fault(t.at(key), "%s may not be set%s", key, advice)
			continue
		}
		text, ok := value.(string)
		if n, isNumber := value.(int64); isNumber {
			text, ok = fmt.Sprint(n), true
		}
		if !ok || !variables[at].form.MatchString(text) {
			t.fault(key, "= %s is not what Go takes; write for example %q", strings.TrimPrefix(describe(value), "the string "), variables[at].example)
			continue
		}
		all = append(all, Variable{Name: key, Value: text})
	}
	return all
}
