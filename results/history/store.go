package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrNoFile tells of a history that is no regular file.
var ErrNoFile = errors.New("it is no regular file")

// Read reads a history. One that is not there is an error; lines that cannot be read are faults of it.
func Read(path string) (*History, error) {
	if err := regular(path); err != nil {
		return nil, fmt.Errorf("opening the history %s: %w", path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the history: %w", err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH); err != nil {
		return nil, fmt.Errorf("waiting for the history %s: %w", path, err)
	}
	h, _, err := read(f)
	return h, err
}

// regular refuses what is there and is no file: to open a pipe would wait for ever.
func regular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return ErrNoFile
	}
	return nil
}

// Update reads a history, asks what is to be added to it, and adds that; a history that is not there is made. Who else wants
// to add waits meanwhile. Lines are on the disk when it returns, all or none.
func Update(path string, decide func(*History) ([]Line, error)) error {
	if err := regular(path); err != nil {
		return fmt.Errorf("opening the history %s: %w", path, err)
	}
	f, err := locked(path)
	if err != nil {
		return fmt.Errorf("opening the history: %w", err)
	}
	if err := update(f, decide); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	return nil
}

// locked opens a history for this process alone. Somebody, as an editor, may have put
// another file in its place while it was waited for.
func locked(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		if errors.Is(err, fs.ErrNotExist) {
			f, err = create(path)
		}
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("waiting for %s: %w", path, err), f.Close())
		}
		opened, err := f.Stat()
		if now, failed := os.Stat(path); err == nil && failed == nil && os.SameFile(opened, now) {
			return f, nil
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
	}
}

// create makes an empty history, unless another just did.
func create(path string) (*os.File, error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	d, err := os.Open(folder)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close()) // so that the file itself outlives a crash
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func update(f *os.File, decide func(*History) ([]Line, error)) error {
	h, whole, err := read(f)
	if err != nil {
		return err
	}
	lines, err := decide(h)
	if err != nil || len(lines) == 0 {
		return err
	}
	var out bytes.Buffer
	if !whole {
		out.WriteByte('\n') // somebody was cut off: what is added has lines of its own
	}
	for _, l := range lines {
		l.Schema = Schema
		b, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("encoding a line of the history: %w", err)
		}
		out.Write(append(b, '\n'))
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	_, err = f.Write(out.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if err != nil { // a full disk, perhaps: none of it, rather than a part
		return fmt.Errorf("writing the history, nothing was added: %w", errors.Join(err, f.Truncate(info.Size())))
	}
	return nil
}

// read reads all lines, and tells whether the last one has an end.
func read(f *os.File) (h *History, whole bool, err error) {
	lines, faults, whole, err := parse(f)
	if err != nil {
		return nil, false, fmt.Errorf("reading the history %s: %w", f.Name(), err)
	}
	return historyOf(lines, faults), whole, nil
}

// parse reads lines. Those that cannot be read are faults; an error is the reader's own.
func parse(r io.Reader) (lines []Line, faults []Fault, whole bool, err error) {
	in := bufio.NewReader(r)
	for n, atEnd := 1, false; !atEnd; n++ {
		text, failed := in.ReadBytes('\n')
		if atEnd = errors.Is(failed, io.EOF); failed != nil && !atEnd {
			return nil, nil, false, failed
		}
		whole = !atEnd || len(text) == 0
		if text = bytes.TrimSpace(text); len(text) > 0 {
			l, wrong := parseLine(text)
			switch {
			case wrong == "":
				lines = append(lines, l)
			case atEnd:
				faults = append(faults, Fault{n, "was cut off: it has no end"})
			default:
				faults = append(faults, Fault{n, wrong})
			}
		}
	}
	return lines, faults, whole, nil
}

// parseLine reads a line, and says what is wrong with it.
func parseLine(text []byte) (l Line, wrong string) {
	if bytes.HasPrefix(text, []byte("<<<<<<<")) || bytes.HasPrefix(text, []byte("=======")) || bytes.HasPrefix(text, []byte(">>>>>>>")) {
		return l, "is a mark of a merge that was not finished; take it out, and keep the lines of both sides"
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Sprintf("is no JSON of a history: %v", err)
	}
	n := 0
	for _, has := range []bool{l.Record != nil, l.Told != nil, l.Ack != nil} {
		if has {
			n++
		}
	}
	switch {
	case l.Schema != Schema:
		return l, fmt.Sprintf("has the schema %q, this program reads %q", l.Schema, Schema)
	case n != 1:
		return l, "has neither a record nor what was told nor an ack, or several"
	case l.Record != nil && (l.Record.ID == "" || l.Record.Name == "" || l.Record.At.IsZero()):
		return l, "is a record without id, name or time"
	case l.Told != nil && l.Told.ID == "":
		return l, "is a change without an id"
	case l.Ack != nil && l.Ack.Change == "":
		return l, "is an ack of no change"
	}
	return l, ""
}
