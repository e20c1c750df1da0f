package report

import (
	"crypto/sha256"
	"encoding/base64"
)

// policy is the Content-Security-Policy of a page that may use nothing but one
// style element and one script element, each allowed by the hash of exactly
// what stands in it. A page without one of them gives an empty text for it.
//
// Note: the hashes are of what we know to be ours, never of what was written
// into the page, so that nothing that slips into it is allowed.
func policy(style, script string) string {
	return "default-src 'none'; style-src " + source(style) + "; script-src " + source(script) + "; base-uri 'none'; form-action 'none'"
}

// source allows the element with that content.
func source(content string) string {
	if content == "" {
		return "'none'"
	}
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
