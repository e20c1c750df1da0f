package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
)

// picture is a figure as it stands in the page.
type picture struct {
	ID, Caption string
	// SVG serves every screen, unless there is a drawing for wide ones.
	SVG, Wide template.HTML
}

// Drawing is a figure of a report with the name of a file for it.
type Drawing struct {
	// Name has lower-case letters, digits and hyphens only, and is unique in a report.
	Name, Caption string
	Figure        figure.Figure
}

// drawings are all figures of a report.
type drawings struct {
	all []Drawing
	err error
}

// svg draws a figure and keeps the first error.
func (d *drawings) svg(f figure.Figure) template.HTML {
	s, err := f.SVG()
	if err != nil && d.err == nil {
		d.err = err
	}
	return template.HTML(s) //nolint:gosec // drawn by figure, which escapes texts
}

// add keeps a figure under a name of its own, and returns what identifies it in the page.
func (d *drawings) add(name, caption string, f figure.Figure) (id string) {
	base := cmp.Or(fileName(name), "figure")
	name = base
	for n := 2; slices.ContainsFunc(d.all, func(o Drawing) bool { return o.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	d.all = append(d.all, Drawing{name, caption, f})
	return "figure-" + name
}

// small is a figure that serves every screen.
func (d *drawings) small(name, caption string, f figure.Figure) picture {
	return picture{ID: d.add(name, caption, f), Caption: caption, SVG: d.svg(f)}
}

// panel is a panel that fills the page.
func (d *drawings) panel(name, caption string, f figure.Figure) picture {
	return d.both(name, caption, f.Wide(), f)
}

// both is a figure that is drawn for wide screens and for narrow ones.
func (d *drawings) both(name, caption string, wide, narrow figure.Figure) picture {
	return picture{ID: d.add(name, caption, wide), Caption: caption, SVG: d.svg(narrow), Wide: d.svg(wide)}
}

// data are the numbers of all figures that have some, by what identifies them in the page.
func (d *drawings) data() map[string]*figure.Data {
	all := map[string]*figure.Data{}
	for _, each := range d.all {
		if data := each.Figure.Data(); data != nil && len(data.Series) > 0 {
			all["figure-"+each.Name] = data
		}
	}
	return all
}

// fileName makes a name fit for a file: lower-case letters, digits and hyphens.
func fileName(name string) string {
	return strings.Trim(strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-"), "-")
}
