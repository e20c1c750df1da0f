package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// figureScale is how many pixels of a PNG stand for one of a page.
const figureScale = 2

// writeFigures writes each figure of a report as NAME.svg and NAME.png into a
// folder, which is made where there is none, and says where they are.
func writeFigures(std standard, folder string, all []report.Drawing) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	var failed []error
	for _, d := range all {
		var svg, png bytes.Buffer
		err := errors.Join(d.Figure.WriteSVG(&svg), d.Figure.WritePNG(&png, figureScale))
		if err == nil {
			err = errors.Join(
				results.WriteFile(filepath.Join(folder, d.Name+".svg"), svg.Bytes()),
				results.WriteFile(filepath.Join(folder, d.Name+".png"), png.Bytes()),
			)
		}
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "figures: %d in %s, each as SVG and PNG\n", len(all), folder)
	return nil
}
