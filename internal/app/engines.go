package app

import (
	"florin/internal/conductor"
	"florin/internal/temporal"
)

// ConductorConfig says which Conductor server is served, and in whose name.
type ConductorConfig = conductor.Config

// ConductorWorker serves the catalogue to a Conductor server.
//
// Errors: those of conductor.New.
func (p *Parts) ConductorWorker(c ConductorConfig) (*conductor.Worker, error) {
	c.Operations, c.Clock, c.Logger, c.Transport = p.Engine, p.clock, p.Logger, p.Traces.Transport(nil)
	return conductor.New(c)
}

// TemporalConfig says which Temporal cluster is served, and in whose name.
type TemporalConfig = temporal.Config

// TemporalWorker serves the catalogue and the flows to a Temporal cluster.
//
// Errors: those of temporal.New.
func (p *Parts) TemporalWorker(c TemporalConfig) (*temporal.Worker, error) {
	c.Operations, c.Flows, c.Logger = p.Engine, p.Flows, p.Logger
	return temporal.New(c)
}
