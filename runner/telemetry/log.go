package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Log reads the JSON log of a member as it grows. Only one Read may be under way.
type Log struct {
	// Member is the name, Path the log's; the file may come later.
	Member, Path string
	// Zero is the wall time of the run's start.
	Zero time.Time

	offset int64
	rest   []byte // of a line that was not whole yet
}

// mostLog bounds what one Read takes in, and a line; a log that grows faster is
// read in several, and what is longer is passed over.
const mostLog = 8 << 20

// Read is what the log has had of each class of trouble since it was read before,
// in order of the classes. A log that is not there has none.
func (l *Log) Read() ([]results.LogNote, error) {
	f, err := os.Open(l.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the log of %s: %w", l.Member, err)
	}
	defer f.Close()
	more, err := io.ReadAll(io.NewSectionReader(f, l.offset, mostLog))
	if err != nil {
		return nil, fmt.Errorf("reading the log of %s: %w", l.Member, err)
	}
	l.offset += int64(len(more))
	text := slices.Concat(l.rest, more)
	end := bytes.LastIndexByte(text, '\n') + 1
	l.rest = slices.Clone(text[end:])
	if len(l.rest) > mostLog {
		l.rest = nil
	}
	found := map[results.LogClass]*results.LogNote{}
	for line := range bytes.Lines(text[:end]) {
		l.line(bytes.TrimSpace(line), found)
	}
	var notes []results.LogNote
	for _, n := range found {
		notes = append(notes, *n)
	}
	slices.SortFunc(notes, func(a, b results.LogNote) int { return strings.Compare(string(a.Class), string(b.Class)) })
	return notes, nil
}

// classes are by what etcd's messages say, in the words of its releases 3.5 to 3.7.
var classes = []struct {
	class results.LogClass
	says  string
}{
	{results.LogSlowApply, "apply request took too long"},
	{results.LogSlowFsync, "slow fdatasync"},
	{results.LogElection, "became leader at term"},
	{results.LogElection, "is starting a new election at term"},
	{results.LogElection, "lost leader"},
	{results.LogOverload, "leader failed to send out heartbeat on time"},
	{results.LogOverload, "since sending buffer is full"},
	{results.LogSlowReads, "waiting for ReadIndex response took too long"},
	{results.LogSpace, "no space"},
	{results.LogSpace, "NOSPACE"},
	{results.LogSpace, "database space exceeded"},
}

func (l *Log) line(line []byte, found map[results.LogClass]*results.LogNote) {
	for _, c := range classes {
		if !bytes.Contains(line, []byte(c.says)) {
			continue
		}
		at, ok := l.at(line)
		if n := found[c.class]; ok && n != nil {
			n.Count++
		} else if ok {
			found[c.class] = &results.LogNote{AtMS: milliseconds(at), Member: l.Member, Class: c.class, Count: 1, Line: string(line[:min(len(line), mostLine)])}
		}
		return
	}
}

// mostLine bounds a line that is kept in the journal; the whole is in the log.
const mostLine = 1000

// at is when a line was written, since the run's start; it reports false of what is no message.
func (l *Log) at(line []byte) (time.Duration, bool) {
	var message struct {
		TS time.Time `json:"ts"`
	}
	if err := json.Unmarshal(line, &message); err != nil || message.TS.IsZero() {
		return 0, false
	}
	return message.TS.Sub(l.Zero), true
}
