package report

import (
	"os"
	"testing"
)

func TestSample(t *testing.T) {
	p := page(t, podChurn(20).journal(t))
	f, _ := os.Create("/tmp/sample.html")
	if err := HTML(f, p); err != nil {
		t.Fatal(err)
	}
	f.Close()
	Table(os.Stdout, p.Result, Style{})
}
