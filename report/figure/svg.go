package figure

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
)

// fonts stands on the root of each SVG. The first is what gonum measured with;
// the others have the same widths or nearly so.
const fonts = "Liberation Sans, Arial, Helvetica, sans-serif"

// present rewrites what vgsvg draws: style="a:b" becomes presentation
// attributes with a class for each ink, points become CSS pixels, the XML
// declaration goes, and the figure's message becomes its accessible name.
func present(canvas io.WriterTo, f Figure) (string, error) {
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return "", fmt.Errorf("drawing a figure as SVG: %w", err)
	}
	_, body, ok := strings.Cut(drawn.String(), "<svg ")
	if _, body, ok = cutAfter(body, ">\n", ok); !ok {
		return "", fmt.Errorf("drawing a figure as SVG: no <svg> element in what was drawn")
	}
	style := regexp.MustCompile(`\s*style="([^"]*)"`)
	body = style.ReplaceAllStringFunc(body, func(s string) string { return attributes(style.FindStringSubmatch(s)[1]) })

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="figure" role="img" width="%g" height="%g" viewBox="0 0 %g %g" font-family="%s">`,
		f.Width, f.Height, f.Width, f.Height, fonts)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(f.Message))
	b.WriteString(body)
	return b.String(), nil
}

// cutAfter is strings.Cut, unless an earlier cut failed.
func cutAfter(s, sep string, ok bool) (before, after string, found bool) {
	if !ok {
		return "", "", false
	}
	return strings.Cut(s, sep)
}

// attributes turns the declarations of a style attribute into attributes. What
// vgsvg writes at every text, its font, stands once on the root.
func attributes(declarations string) string {
	var attrs, classes []string
	for declaration := range strings.SplitSeq(declarations, ";") {
		name, value, _ := strings.Cut(declaration, ":")
		switch name {
		case "font-family", "font-variant", "font-style":
			continue
		case "font-weight":
			if value == "normal" {
				continue
			}
		case "font-size":
			value = strings.TrimSuffix(value, "px")
		case "fill", "stroke":
			if ink, ok := inkOf(value); ok {
				classes = append(classes, name[:1]+"-"+ink)
			}
		}
		attrs = append(attrs, fmt.Sprintf(` %s="%s"`, name, value))
	}
	if len(classes) > 0 {
		attrs = append(attrs, fmt.Sprintf(` class="%s"`, strings.Join(classes, " ")))
	}
	return strings.Join(attrs, "")
}
