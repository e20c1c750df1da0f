package kube

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Stamp is what a value of ours carries, so that a watch event can be joined
// with the write that caused it.
type Stamp struct {
	// Run tells the runs on one cluster apart.
	Run uint64
	// Index is the write's number in its ledger.
	Index uint64
	// Sent is when the write left, as an offset from the start of the run.
	Sent time.Duration
}

const (
	stampSize     = 24
	stampTextSize = 32 // in base64, for JSON
	jsonTail      = `"}`
)

// MinValueSize is the size in bytes from which a value holds a stamp.
const MinValueSize = 128

// Values makes objects as the API server stores them: protobuf behind the
// prefix "k8s\x00" or JSON, filled with text of the entropy of managed fields,
// with room for a stamp at the end. It is used by one goroutine at a time, and
// each value only until the next is made.
type Values struct {
	text []byte
	buf  []byte
}

// fillerSize is how much text values are cut from, in bytes.
const fillerSize = 4 << 20

// NewFiller returns the text that values are cut from; it may be shared by goroutines.
func NewFiller(seed uint64) []byte {
	words := []string{
		"metadata", "managedFields", "f:spec", "f:containers", "f:status", "k:{\"name\":", "apiVersion", "fieldsV1", "Update",
		"kubelet", "kube-controller-manager", "terminationGracePeriodSeconds", "imagePullPolicy", "IfNotPresent", "resources",
		"volumeMounts", "serviceAccountName", "default", "conditions", "lastTransitionTime", "containerStatuses",
	}
	rng := rand.New(rand.NewPCG(seed, 0xa0761d6478bd642f))
	text := make([]byte, 0, fillerSize+64)
	for len(text) < fillerSize {
		switch rng.IntN(8) {
		case 0:
			text = fmt.Appendf(text, "%016x-%08x,", rng.Uint64(), rng.Uint32())
		case 1:
			text = fmt.Appendf(text, "2026-%02d-%02dT%02d:%02d:%02dZ ", 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60))
		default:
			text = append(append(text, words[rng.IntN(len(words))]...), ':')
		}
	}
	return text[:fillerSize]
}

// NewValues makes values out of a filler's text.
func NewValues(filler []byte) *Values { return &Values{text: filler} }

// Make returns a value of exactly size bytes, cut from the filler at a place
// that pick chooses.
func (v *Values) Make(r model.Resource, size int, pick uint64) []byte {
	if cap(v.buf) < size {
		v.buf = make([]byte, size, size+size/2)
	}
	b := v.buf[:size]
	head := envelope(r, size)
	n := copy(b, head)
	for n < size {
		from := int(pick % uint64(len(v.text)))
		n += copy(b[n:], v.text[from:])
		pick = 0
	}
	if r.JSON && size >= MinValueSize {
		for i := len(head); i < size; i++ {
			if b[i] == '"' || b[i] == '\\' {
				b[i] = '.'
			}
		}
		copy(b[size-len(jsonTail):], jsonTail)
	}
	return b
}

// envelope is how a stored object of so many bytes begins: the protobuf
// message runtime.Unknown with its apiVersion and kind, or JSON.
func envelope(r model.Resource, size int) []byte {
	if r.Name == "" {
		return nil
	}
	if r.JSON {
		return fmt.Appendf(nil, `{"apiVersion":"v1","kind":%q,"data":"`, r.Name)
	}
	version, kind := "v1", r.Name
	typeMeta := len(version) + len(kind) + 4
	b := append(make([]byte, 0, 64), "k8s\x00\x0a"...)
	b = append(b, byte(typeMeta), 0x0a, byte(len(version)))
	b = append(b, version...)
	b = append(b, 0x12, byte(len(kind)))
	b = append(b, kind...)
	b = append(b, 0x12)
	return binary.AppendUvarint(b, uint64(max(size-len(b)-2, 0)))
}

// Put writes the stamp into the last bytes of a value that Make returned; the size stays.
// Values below MinValueSize stay as they are.
func (s Stamp) Put(r model.Resource, value []byte) {
	if len(value) < MinValueSize {
		return
	}
	var raw [stampSize]byte
	binary.BigEndian.PutUint64(raw[0:], s.Run)
	binary.BigEndian.PutUint64(raw[8:], s.Index)
	binary.BigEndian.PutUint64(raw[16:], uint64(s.Sent))
	if r.JSON {
		base64.RawStdEncoding.Encode(value[len(value)-len(jsonTail)-stampTextSize:], raw[:])
		return
	}
	copy(value[len(value)-stampSize:], raw[:])
}

// StampOf reads the stamp of a stored value. It reports false where there is
// none or it is another run's.
func StampOf(r model.Resource, value []byte, run uint64) (Stamp, bool) {
	if len(value) < MinValueSize {
		return Stamp{}, false
	}
	var raw [stampSize]byte
	if r.JSON {
		end := len(value) - len(jsonTail)
		if _, err := base64.RawStdEncoding.Decode(raw[:], value[end-stampTextSize:end]); err != nil {
			return Stamp{}, false
		}
	} else {
		copy(raw[:], value[len(value)-stampSize:])
	}
	s := Stamp{
		Run:   binary.BigEndian.Uint64(raw[0:]),
		Index: binary.BigEndian.Uint64(raw[8:]),
		Sent:  time.Duration(binary.BigEndian.Uint64(raw[16:])),
	}
	return s, s.Run == run
}
