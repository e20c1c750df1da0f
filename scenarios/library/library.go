// Package library holds the built-in scenarios and configurations, as TOML
// files that are worth reading.
package library

import "embed"

// Files has scenarios/NAME.toml and configurations/NAME.toml.
//
//go:embed scenarios/*.toml configurations/*.toml
var Files embed.FS
