package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// figureScale is how many pixels of a PNG stand for one of a page.
const figureScale = 2

// figuresFlag registers --figures.
func figuresFlag(flags *pflag.FlagSet, into *string) {
	flags.StringVar(into, "figures", "", "write each figure as SVG and PNG into that folder too")
}

// checkFiguresFolder refuses a folder that cannot be one.
func checkFiguresFolder(folder string) error {
	if info, err := os.Stat(folder); folder != "" && err == nil && !info.IsDir() {
		return exitError{exitUsage, fmt.Errorf("--figures %s: it is a file; name a folder, which is made where there is none", folder)}
	}
	return nil
}

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
