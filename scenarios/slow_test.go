package scenarios

import ("testing";"strings";"time")

func TestSlow(t *testing.T) {
	for n, text := range map[string]string{
		"dots": strings.Repeat("a.", 20_000)+"a=1",
		"header": "["+strings.Repeat("a.", 20_000)+"a]",
		"keys": func() string { var b strings.Builder; for i := range 20000 { b.WriteString("k"); b.WriteString(strings.Repeat("x", i%7)); b.WriteString(time.Duration(i).String()[:1]); b.WriteString(itoaX(i)); b.WriteString("=1\n") }; return b.String() }(),
		"thresholds": "thresholds=[" + strings.Repeat("\"a.b.c\",", 30000) + "]",
	} {
		start := time.Now()
		_, err := ParseScenario("x.toml", []byte(text), nil)
		t.Log(n, len(text), time.Since(start), len(err.Error()))
	}
}
func itoaX(i int) string { s := ""; for i > 0 { s += string(rune('0'+i%10)); i /= 10 }; return s+"z" }
