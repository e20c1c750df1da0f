// Package library holds the built-in scenarios, configurations and experiments, as TOML
// files that are worth reading.
package library

import "embed"

// Files has scenarios/NAME.toml, configurations/NAME.toml and experiments/NAME.toml.
//
//go:embed scenarios/*.toml configurations/*.toml experiments/*.toml
var Files embed.FS
