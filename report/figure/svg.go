package figure

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// fonts stands on the root of each SVG. The first is what gonum measured with;
// the others have the same widths or nearly so.
const fonts = "Liberation Sans, Arial, Helvetica, sans-serif"

// present rewrites what vgsvg draws: style="a:b" becomes presentation
// attributes with a class for each ink, points become CSS pixels, the XML
// declaration goes, and the figure's message becomes its accessible name.
func present(canvas *spotCanvas, f Figure) (string, error) {
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

	role := "img"
	spots := canvas.elements()
	if spots != "" {
		role = "group" // what is an image has nothing in it that leads anywhere
		drawn, end, _ := cutLast(body, "</svg>")
		body = drawn + spots + "</svg>" + end
	}

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="figure" role="%s" width="%g" height="%g" viewBox="0 0 %g %g" font-family="%s">`,
		role, f.Width, f.Height, f.Width, f.Height, fonts)
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

// cutLast is strings.Cut at the last place.
func cutLast(s, sep string) (before, after string, found bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
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
