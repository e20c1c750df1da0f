package lab

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folders are where a lab keeps data outside of its run folder: each is a folder
// of its own, with an owner's note in it, below the one that the configuration
// names. Empty where they lie in the run folder.
type folders struct {
	Data string `json:"data,omitempty"`
	WAL  string `json:"wal,omitempty"`
}

const (
	// elsewhereName is the file in the data folder that tells of the folders.
	elsewhereName = "elsewhere"
	// ownerName is the file in each of them that tells whose it is.
	ownerName   = "owner"
	elsewhereOf = "etcd-dyno-"
)

func foldersOf(s Spec) folders {
	below := func(parent string) string {
		if parent == "" {
			return ""
		}
		return filepath.Join(parent, elsewhereOf+filepath.Base(s.Run)+"-"+rand.Text()[:8])
	}
	f := folders{Data: below(s.Configuration.Disk.Data)}
	if s.Configuration.Disk.WAL != s.Configuration.Disk.Data {
		f.WAL = below(s.Configuration.Disk.WAL)
	}
	return f
}

func (f folders) all() []string {
	var all []string
	for _, folder := range []string{f.Data, f.WAL} {
		if folder != "" {
			all = append(all, folder)
		}
	}
	return all
}

// make makes the folders, which must not be there yet. The note of them comes
// first: what is made can always be found again.
func (f folders) make(run string) error {
	if len(f.all()) == 0 {
		return nil
	}
	note, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dataFolder(run), elsewhereName), note, 0o644); err != nil {
		return err
	}
	for _, folder := range f.all() {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return fmt.Errorf("creating a folder for the members' data: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, ownerName), []byte(run), 0o644); err != nil {
			return fmt.Errorf("noting whose %s is: %w", folder, err)
		}
	}
	return nil
}

// removeElsewhere removes the folders that a lab of the run folder made outside
// of it, and nothing that is not known to be its own.
func removeElsewhere(root *os.Root) error {
	note, err := root.ReadFile(filepath.Join(dataName, elsewhereName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var f folders
	if err == nil {
		err = json.Unmarshal(note, &f)
	}
	if err != nil {
		return fmt.Errorf("reading where the members' data lie: %w", err)
	}
	var errs []error
	for _, folder := range f.all() {
		errs = append(errs, removeOwned(folder, root.Name()))
	}
	return errors.Join(errs...)
}

// removeOwned removes a folder whose owner's note names the run folder. The note
// goes last.
func removeOwned(folder, run string) error {
	if !strings.HasPrefix(filepath.Base(folder), elsewhereOf) {
		return fmt.Errorf("%s is not the name of a lab's folder", folder)
	}
	owner, err := os.ReadFile(filepath.Join(folder, ownerName))
	if errors.Is(err, fs.ErrNotExist) {
		// It was cut short between the making and the note: only an empty one is removed.
		if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing data of members: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing data of members: %w", err)
	}
	if !sameFolder(string(owner), run) {
		return fmt.Errorf("%s belongs to the run %s", folder, owner)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("removing data of members: %w", err)
	}
	for _, e := range entries {
		if e.Name() == ownerName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
			return fmt.Errorf("removing data of members: %w", err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("removing data of members: %w", err)
	}
	return nil
}

func sameFolder(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
