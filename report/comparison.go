package report

import (
	"io"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Comparison writes what several runs of a scenario gave.
func Comparison(w io.Writer, all []results.Result, style Style) error {
	for _, r := range all {
		if err := Table(w, r, style); err != nil {
			return err
		}
	}
	return nil
}
