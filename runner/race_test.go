//go:build race

package runner

// underRace tells that the race detector is at work, under which nothing takes the time that it should.
const underRace = true
