package experiment

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// journal is an experiment's, to which a line is added at a time.
type journal struct{ file *os.File }

// ErrBusy tells that an experiment is under way in another process.
var ErrBusy = errors.New("the experiment is under way in another process")

// openJournal opens a journal to add to it, made on first use, and reads what it has; a
// line that was cut off is left out. Nobody else can have it open so meanwhile.
func openJournal(folder string) (*journal, []results.ExperimentRecord, error) {
	path := filepath.Join(folder, results.ExperimentJournal)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the experiment's journal: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %s", ErrBusy, path), f.Close())
	}
	records, whole, err := readJournal(f)
	if err == nil {
		err = f.Truncate(whole) // a torn line at the end would spoil the next
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), f.Close())
	}
	return &journal{f}, records, nil
}

// recordsOf are what a journal has so far; whoever adds to it is not disturbed.
func recordsOf(folder string) ([]results.ExperimentRecord, error) {
	f, err := os.Open(filepath.Join(folder, results.ExperimentJournal))
	if err != nil {
		return nil, fmt.Errorf("opening the experiment's journal: %w", err)
	}
	defer f.Close()
	records, _, err := readJournal(f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return records, nil
}

// readJournal reads records, and tells how many bytes are whole lines.
func readJournal(r io.Reader) (records []results.ExperimentRecord, whole int64, err error) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return records, whole, nil
		}
		if err != nil {
			return nil, 0, err
		}
		var record results.ExperimentRecord
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, 0, fmt.Errorf("line %d is no record: %w", len(records)+1, err)
		}
		whole += int64(len(line))
		records = append(records, record)
	}
}

// add adds a line, and has it on the disk when it returns.
func (j *journal) add(r results.ExperimentRecord) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the experiment's journal: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the experiment's journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the experiment's journal: %w", err)
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }
