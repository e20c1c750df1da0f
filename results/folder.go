package results

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The files of a run folder besides the journal.
const (
	ResultFile        = "result.json"
	ScenarioFile      = "scenario.toml"
	ConfigurationFile = "configuration.toml"
	ReportFile        = "report.html"
	DataFolder        = "data"
)

// WriteResult writes result.json into a run folder.
func WriteResult(folder string, r Result) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	return WriteFile(filepath.Join(folder, ResultFile), append(b, '\n'))
}

// WriteFile writes a file under another name first and renames it, so that a
// reader never sees half of it and a failure leaves an earlier one as it was.
func WriteFile(path string, content []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}
