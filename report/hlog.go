package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// HLog writes what was measured in each interval of a run, which Load must have read
// from a folder, as a log of HdrHistogram's format 1.3: the histograms of the journal as
// they are, a line for each interval and tag. A tag is WORKLOAD.OPERATION.QUANTITY, of a
// watch WORKLOAD.QUANTITY. Values are microseconds; instants count from the run's start.
//
// Note: the writer of hdrhistogram-go tells the start in whole seconds, scales the maximum
// as if values were nanoseconds, and encodes each histogram anew; so lines are written here.
func HLog(w io.Writer, page Page) error {
	run, out := page.Run, bufio.NewWriter(w)
	started := run.Header.Started.UTC()
	seconds := float64(started.UnixMicro()) / 1e6
	fmt.Fprintf(out, "#[Histogram log format version %s]\n", hdr.HISTOGRAM_LOG_FORMAT_VERSION)
	fmt.Fprintf(out, "#[etcd-dyno, run %s: values are microseconds, Interval_Max is in milliseconds; the measure phase only]\n", tagPart(run.Header.ID))
	if !page.Result.Valid {
		fmt.Fprintf(out, "#[%s]\n", validity(page.Result))
	}
	if !page.Result.Complete {
		fmt.Fprintf(out, "#[%s]\n", completeness(page.Result))
	}
	fmt.Fprintf(out, "#[StartTime: %.3f (seconds since epoch), %s]\n", seconds, started.Format(time.RFC3339Nano))
	fmt.Fprintf(out, "#[BaseTime: %.3f (seconds since epoch)]\n", seconds)
	fmt.Fprintln(out, `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`)
	err := results.EachMeasured(run.Folder, func(m results.Measured) error {
		_, err := fmt.Fprintf(out, "Tag=%s,%.6f,%.6f,%.3f,%s\n", tagOf(m), m.StartMS/1000, (m.EndMS-m.StartMS)/1000, float64(m.MaxMicros)/1000, m.Histogram)
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the histogram log: %w", err)
	}
	return nil
}

// tagOf names what was measured.
func tagOf(m results.Measured) string {
	if m.Operation == "" {
		return tagPart(m.Workload) + "." + m.Quantity
	}
	return tagPart(m.Workload) + "." + tagPart(m.Operation) + "." + m.Quantity
}

// tagPart writes a name without spaces, commas and what cannot be seen: as URLs do, with %.
func tagPart(name string) string { return withoutSigns(name, ",%") }

// withoutSigns writes spaces, what cannot be seen, and some signs more of a name as URLs do, with %.
func withoutSigns(name, signs string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(signs, r) {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
