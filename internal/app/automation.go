package app

import (
	"florin/internal/api"
	"florin/internal/clock"
	"florin/internal/engine/automation"
	"florin/internal/operation"
	"florin/internal/seal"
)

// newAutomation puts together what runs flows.
func (p *Parts) newAutomation(sealer *seal.Sealer) (*automation.Automation, error) {
	triggers := operation.NewTriggers()
	runner, err := automation.NewRunner(automation.RunnerConfig{
		Store: p.Store, Clock: clock.Real{}, Operations: p.Engine, Sealer: sealer, Teller: p.Engine, Present: api.Presenter{}, Logger: p.Logger,
		Triggers: automation.FlowTriggers(triggers.Triggers(), p.Config.MinPollEvery),
	})
	if err != nil {
		return nil, err
	}
	watcher, err := automation.NewWatcher(automation.WatcherConfig{
		Store: p.Store, Clock: clock.Real{}, Triggers: triggers, Lists: p.Engine, Sealer: sealer, Start: runner.Start, Logger: p.Logger,
		CallTimeout: p.Config.CallTimeout, MinEvery: p.Config.MinPollEvery,
	})
	if err != nil {
		return nil, err
	}
	return automation.New(runner, watcher)
}
