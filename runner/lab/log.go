package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// wordy is how many messages of a log are told at most.
const wordy = 8

// line is a message of a log.
type line struct {
	text      string
	complaint bool
}

// complaints are the last messages of a log that say what went wrong, oldest first.
func complaints(path string) []string {
	var texts []string
	for _, l := range readLog(path) {
		if l.complaint {
			texts = append(texts, l.text)
		}
	}
	return texts[max(0, len(texts)-wordy):]
}

// lastWords are the complaints or, where there is none, the last messages of any kind.
func lastWords(path string) []string {
	if texts := complaints(path); len(texts) > 0 {
		return texts
	}
	var texts []string
	for _, l := range readLog(path) {
		texts = append(texts, l.text)
	}
	return texts[max(0, len(texts)-wordy):]
}

// readLog reads the end of a log that holds etcd's JSON lines and whatever etcd
// or Go's runtime wrote to stderr. A log that cannot be read has no messages.
func readLog(path string) []line {
	content, err := readTail(path, 64<<10)
	if err != nil {
		return nil
	}
	var lines []line
	verbose := false // inside a usage text or a goroutine's stack
	for raw := range strings.Lines(string(content)) {
		text := strings.TrimSpace(raw)
		if l, ok := parseLine(text); ok {
			lines = append(lines, l)
			verbose = false
			continue
		}
		verbose = verbose || text == "Usage:" || strings.HasPrefix(text, "goroutine ")
		if text != "" && !verbose {
			lines = append(lines, line{text: text, complaint: true})
		}
	}
	return lines
}

// parseLine reads one of etcd's JSON messages. Warnings count as complaints only
// with an error in them: etcd warns of much that is wanted here.
func parseLine(text string) (line, bool) {
	var message struct {
		Level string `json:"level"`
		Msg   string `json:"msg"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal([]byte(text), &message); err != nil || message.Msg == "" {
		return line{}, false
	}
	l := line{text: message.Msg}
	if message.Error != "" {
		l.text += ": " + message.Error
	}
	switch message.Level {
	case "debug", "info":
	case "warn":
		l.complaint = message.Error != ""
	default:
		l.complaint = true
	}
	return l, true
}

// readTail reads at most the last limit bytes of a file, from the start of a line.
func readTail(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading a log: %w", err)
	}
	skipped := max(0, info.Size()-limit)
	content, err := io.ReadAll(io.NewSectionReader(f, skipped, limit))
	if err != nil {
		return nil, fmt.Errorf("reading a log: %w", err)
	}
	if skipped > 0 {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content, nil
}
