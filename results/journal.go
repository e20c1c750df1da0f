package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// JournalFile is the journal's name in a run folder.
const JournalFile = "run.jsonl"

// Journal appends records to a run's journal. It may be shared by goroutines.
//
// Note: records are not fsynced. They outlive the process, also kill -9, and an
// fsync of ours would queue on the very disk that is being measured.
type Journal struct {
	mu   sync.Mutex // guards file and err
	file *os.File
	err  error
}

// CreateJournal makes a new journal. It is an error when the file exists: a run
// is never written over an earlier one.
func CreateJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("creating the journal: %w", err)
	}
	return &Journal{file: f}, nil
}

// Append writes one record as one line. Once a write has failed every later
// call returns the same error, so that a gap is never hidden between two records.
func (j *Journal) Append(r Record) error {
	line, err := json.Marshal(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	if err != nil {
		j.err = fmt.Errorf("encoding a journal record: %w", err)
		return j.err
	}
	line = append(line, '\n')
	if _, err := j.file.Write(line); err != nil {
		j.err = fmt.Errorf("appending to the journal: %w", err)
		return j.err
	}
	return nil
}

// Err returns the error of the first write that failed, or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close closes the file. Appending afterwards is an error.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = errors.New("appending to the journal: it is closed")
	}
	return j.file.Close()
}

// maxLine bounds a journal line, so that a corrupt file cannot take all memory.
const maxLine = 64 << 20

// ReadJournal calls each for every record of r in order. A line that is not a
// record (cut short, corrupt) is counted in lost and costs itself alone. The
// error is of reading r, or the first that each returns.
func ReadJournal(r io.Reader, each func(Record) error) (lost int, err error) {
	br := bufio.NewReaderSize(r, 1<<20)
	var line []byte
	for {
		line = line[:0]
		tooLong := false
		var readErr error
		for {
			part, err := br.ReadSlice('\n')
			if tooLong = tooLong || len(line)+len(part) > maxLine; !tooLong {
				line = append(line, part...)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				readErr = err
				break
			}
		}
		if len(bytes.TrimSpace(line)) > 0 || tooLong {
			record, ok := parseRecord(line)
			if tooLong || !ok {
				lost++
			} else if err := each(record); err != nil {
				return lost, err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return lost, nil
		}
		if readErr != nil {
			return lost, fmt.Errorf("reading the journal: %w", readErr)
		}
	}
}

// parseRecord reports false unless line is exactly one record.
func parseRecord(line []byte) (Record, bool) {
	var r Record
	if json.Unmarshal(line, &r) != nil {
		return Record{}, false
	}
	n := 0
	for _, set := range [...]bool{r.Header != nil, r.Phase != nil, r.Interval != nil, r.Member != nil, r.Host != nil, r.Log != nil, r.Event != nil, r.Action != nil, r.Check != nil, r.End != nil} {
		if set {
			n++
		}
	}
	return r, n == 1
}
