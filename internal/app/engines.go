package app

import (
	"florin/internal/clock"
	"florin/internal/conductor"
)

// ConductorConfig says which Conductor server is served, and in whose name.
type ConductorConfig = conductor.Config

// ConductorWorker serves the catalogue to a Conductor server.
//
// Errors: those of conductor.New.
func (p *Parts) ConductorWorker(c ConductorConfig) (*conductor.Worker, error) {
	c.Operations, c.Clock, c.Logger, c.Transport = p.Engine, clock.Real{}, p.Logger, p.Traces.Transport(nil)
	return conductor.New(c)
}
