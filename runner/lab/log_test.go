package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLastWords(t *testing.T) {
	const info = `{"level":"info","msg":"starting"}` + "\n"
	tests := map[string]struct {
		log        string
		last, told []string
	}{
		"empty":       {"", nil, nil},
		"only info":   {info + info, []string{"starting", "starting"}, nil},
		"a warning":   {info + `{"level":"warn","msg":"not recommended"}`, []string{"starting", "not recommended"}, nil},
		"an error":    {info + `{"level":"warn","msg":"bad flags","error":"no"}` + "\n" + info, []string{"bad flags: no"}, []string{"bad flags: no"}},
		"fatal":       {info + `{"level":"fatal","msg":"discovery failed","error":"in use","stacktrace":"main\n"}`, []string{"discovery failed: in use"}, []string{"discovery failed: in use"}},
		"usage":       {"invalid value\nUsage:\n\n  etcd [flags]\n", []string{"invalid value"}, []string{"invalid value"}},
		"a panic":     {info + "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n", []string{"panic: oh"}, []string{"panic: oh"}},
		"broken JSON": {`{"level":"inf`, []string{`{"level":"inf`}, []string{`{"level":"inf`}},
		"long":        {strings.Repeat(info, 5000) + "panic: oh\n", []string{"panic: oh"}, []string{"panic: oh"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m1.log")
			if err := os.WriteFile(path, []byte(test.log), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := lastWords(path); !slices.Equal(got, test.last) {
				t.Errorf("last words %q, want %q", got, test.last)
			}
			if got := complaints(path); !slices.Equal(got, test.told) {
				t.Errorf("complaints %q, want %q", got, test.told)
			}
		})
	}
	if got := lastWords(filepath.Join(t.TempDir(), "none")); got != nil {
		t.Errorf("last words of no log: %q", got)
	}
}
