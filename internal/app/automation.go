package app

import (
	"path/filepath"

	"florin/internal/api"
	"florin/internal/database"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/export"
	"florin/internal/mail"
	"florin/internal/operation"
	"florin/internal/pay"
	"florin/internal/seal"
	"florin/internal/web"
	"florin/internal/webhook"
)

// Folders in the data folder that flows write to.
const (
	exportsFolder = "exports"
	outboxFolder  = "outbox" // mail that there was no server for
)

// outside is what flows reach besides Stripe.
type outside struct {
	web       *web.Web
	databases *database.Databases
	exports   *export.Exports
	mailer    *mail.Mailer
}

func (p *Parts) newOutside() outside {
	cfg := p.Config
	passage := webhook.NewPassage(webhook.Config{Private: webhook.Private(cfg.AllowPrivateEndpoints)})
	return outside{
		web:       web.New(passage, p.clock, Version),
		databases: database.New(database.Config{Passage: passage, Denied: cfg.DataDir}),
		exports:   export.New(filepath.Join(cfg.DataDir, exportsFolder)),
		mailer:    mail.New(mail.Config{Server: cfg.SMTPURL, Folder: filepath.Join(cfg.DataDir, outboxFolder), Passage: passage, Clock: p.clock}),
	}
}

// probers try connections that are not Stripe's. A web server has no request
// that is sure to do nothing, and is not tried.
func (o outside) probers() map[pay.ConnectionKind]engine.Prober {
	return map[pay.ConnectionKind]engine.Prober{pay.ConnectionDatabase: o.databases, pay.ConnectionSMTP: o.mailer}
}

func (o outside) actions(secrets automation.Secrets) []automation.BuiltIn {
	return append(automation.DatabaseActions(o.databases, secrets),
		automation.WebRequest(o.web, secrets), automation.CSVAppend(o.exports), automation.MailSend(o.mailer, secrets))
}

// newAutomation puts together what runs flows.
func (p *Parts) newAutomation(sealer *seal.Sealer, reach outside) (*automation.Automation, error) {
	triggers := operation.NewTriggers()
	runner, err := automation.NewRunner(automation.RunnerConfig{
		Store: p.Store, Clock: p.clock, Operations: p.Engine, Sealer: sealer, Teller: p.Engine, Present: api.Presenter{}, Logger: p.Logger,
		Triggers: automation.FlowTriggers(triggers.Triggers(), p.Config.MinPollEvery), BuiltIns: reach.actions(p.Engine),
		KeepRuns: p.Config.RunRetention,
	})
	if err != nil {
		return nil, err
	}
	watcher, err := automation.NewWatcher(automation.WatcherConfig{
		Store: p.Store, Clock: p.clock, Triggers: triggers, Lists: p.Engine, Sealer: sealer, Start: runner.Start, Teller: p.Engine, Gate: p.Engine, Present: api.Presenter{}, Logger: p.Logger,
		CallTimeout: p.Config.CallTimeout, MinEvery: p.Config.MinPollEvery,
	})
	if err != nil {
		return nil, err
	}
	flows, err := automation.New(runner, watcher)
	if err == nil {
		p.Engine.AskBeforeDeleting(flows.UsesOf)
	}
	return flows, err
}
