package lab

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
)

// readSettings are what a member says of itself in its log when it starts: the
// effective value of what its flags set, and what it was built from, looked for from an offset. They are
// empty in the log of an etcd that says nothing of the kind.
func readSettings(log string, from int64) map[string]any {
	f, err := os.Open(log)
	if err != nil {
		return nil
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 0; n < 100 && lines.Scan(); n++ {
		var settings map[string]any
		if json.Unmarshal(lines.Bytes(), &settings) != nil || settings["msg"] != "starting an etcd server" {
			continue
		}
		for _, key := range []string{"level", "ts", "caller", "msg"} {
			delete(settings, key)
		}
		return settings
	}
	return nil
}
