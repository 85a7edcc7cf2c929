package flow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/expr-lang/expr/types"
	"github.com/robfig/cron/v3"

	"florin/internal/pay"
)

// Triggers that every program has.
const (
	OnSchedule = "schedule"
	OnManual   = "manual"
	OnWebhook  = "webhook" // of the catalogue; its posts may have a schema in the document
)

// What becomes of a schedule's times that nobody was there for.
const (
	MissedOnce = "run_once" // one run for the last of them
	MissedSkip = "skip"     // none
)

// pollKeys are settings of every trigger that polls; the others are its own.
var pollKeys = []string{"every", "start", "connection"}

// scheduleType is what trigger is in a run that the clock started.
var scheduleType = types.Map{"time": types.String, "missed": types.Int}

// on reads what starts runs, and gives the type of trigger.
func (r *reader) on(n *node) types.Type {
	name, settings := r.onlyKey(n)
	r.flow.On.Trigger = name
	switch name {
	case "":
		return types.Any
	case OnSchedule:
		r.schedule(settings)
		return scheduleType
	case OnManual:
		return r.manual(settings)
	}
	trigger, ok := r.catalogue.Trigger(name)
	if !ok {
		known := []string{OnSchedule, OnManual}
		for _, t := range r.catalogue.Triggers() {
			known = append(known, t.Name)
		}
		r.wrong(n, fmt.Sprintf("there is no trigger %q", name), nearest(name, known))
		return types.Any
	}
	r.settings(settings, trigger)
	if name == OnWebhook {
		return r.input(r.within(settings, "input"))
	}
	schema, err := readSchema(trigger.Output)
	if err != nil {
		return types.Any
	}
	return typeOf(schema, 0)
}

// onlyKey is the name of the trigger: a text, or the one key of a group.
func (r *reader) onlyKey(n *node) (string, *node) {
	if name, ok := n.value.(string); ok {
		return name, &node{line: n.line, column: n.column, path: join(n.path, name)}
	}
	all, _ := n.entries()
	if len(all) != 1 {
		r.wrong(n, "on names one trigger", "write on: manual, or on: { new-charge: { every: 15s } }")
		return "", n
	}
	return all[0].key, all[0].node
}

// optional are the keys of settings, which may be left out altogether.
func (r *reader) optional(n *node, allowed ...string) map[string]*node {
	if n.value == nil {
		return nil
	}
	return r.keys(n, allowed...)
}

// schedule reads every, or cron with its zone.
func (r *reader) schedule(n *node) {
	keys := r.optional(n, "every", "cron", "zone", "missed")
	on := &r.flow.On
	if missed := keys["missed"]; missed != nil {
		if on.Missed = r.text(missed, "missed"); on.Missed != MissedOnce && on.Missed != MissedSkip {
			r.wrong(missed, fmt.Sprintf("%q says nothing about times that were missed", on.Missed), "write run_once, or skip")
		}
	}
	switch {
	case keys["cron"] != nil && keys["every"] != nil:
		r.wrong(keys["every"], "every and cron exclude each other", "keep one of them")
	case keys["cron"] != nil:
		r.cron(keys["cron"], keys["zone"])
	default:
		on.Every = r.duration(keys["every"], time.Minute, 31*24*time.Hour, DefaultSchedule)
		if keys["zone"] != nil {
			r.wrong(keys["zone"], "zone belongs to cron", "remove it")
		}
	}
}

// cron checks that the moments exist: the 31st of February never comes.
func (r *reader) cron(n, zone *node) {
	on := &r.flow.On
	on.Cron, on.Zone = r.text(n, "cron"), "UTC"
	if zone != nil {
		on.Zone = r.text(zone, "zone")
		if _, err := time.LoadLocation(on.Zone); err != nil || on.Zone == "Local" {
			r.wrong(zone, fmt.Sprintf("%q is not a time zone", on.Zone), "write one such as Europe/Berlin")
			on.Zone = "UTC"
		}
	}
	if on.Cron == "" {
		return
	}
	schedule, err := on.Schedule()
	if err != nil {
		r.wrong(n, fmt.Sprintf("%q is not a cron expression: %v", on.Cron, err), `write minute, hour, day, month and weekday, such as "0 9 * * MON"`)
		return
	}
	if schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // the library looks five years ahead
		r.wrong(n, fmt.Sprintf("%q never comes", on.Cron), "check day and month")
	}
}

// Schedule is when a flow on schedule is due: Next gives the moment after one.
//
// Errors: the cron expression is none. Parse has seen to that.
func (o On) Schedule() (cron.Schedule, error) {
	if o.Cron == "" {
		return cron.Every(o.Every), nil
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	return parser.Parse("CRON_TZ=" + o.Zone + " " + o.Cron)
}

// manual reads the schema of what a run is started with.
func (r *reader) manual(n *node) types.Type {
	return r.input(r.optional(n, "input")["input"])
}

// within is one of the settings, without a complaint about others.
func (r *reader) within(settings *node, key string) *node {
	all, _ := settings.entries()
	for _, e := range all {
		if e.key == key {
			return e.node
		}
	}
	return nil
}

// input reads the schema that a document gives of what its runs begin with.
func (r *reader) input(input *node) types.Type {
	if input == nil || input.value == nil {
		return types.Any
	}
	r.flow.On.Input = mustJSON(input.plain())
	schema, err := readSchema(r.flow.On.Input)
	if err != nil {
		r.wrong(input, "this is not a JSON Schema: "+err.Error(), "write type: object and properties:")
		return types.Any
	}
	return typeOf(schema, 0)
}

// settings reads those of a trigger of the catalogue: of polling, and its own.
func (r *reader) settings(n *node, t Trigger) {
	on := &r.flow.On
	schema, err := readSchema(t.Input)
	if err != nil {
		schema = nil
	}
	own := &node{line: n.line, column: n.column, path: n.path}
	var rest []entry
	all, ok := n.entries()
	if !ok && n.value != nil {
		r.wrong(n, "here is "+n.kind()+" where settings are expected", "write them as { every: 15s }")
		return
	}
	if t.Polls {
		on.Every, on.Start = max(DefaultEvery, t.Fastest), "now"
	}
	for _, e := range all {
		if !t.Polls || !slices.Contains(pollKeys, e.key) {
			rest = append(rest, e)
			continue
		}
		r.polling(e, t)
	}
	own.value = rest
	v := &value{isObject: true}
	for _, e := range rest {
		v.fields = append(v.fields, field{e.key, &value{constant: e.node.plain()}})
	}
	r.fit(own, v, schema)
	on.Settings = mustJSON(own.plain())
}

// polling reads one setting that every polling trigger has.
func (r *reader) polling(e entry, t Trigger) {
	on := &r.flow.On
	switch e.key {
	case "every":
		on.Every = r.duration(e.node, cmp.Or(t.Fastest, MinPoll), pay.MaxEvery, DefaultEvery)
	case "connection":
		on.Connection = r.text(e.node, "connection")
	case "start":
		on.Start = r.text(e.node, "start")
		if _, err := pay.ParseTriggerStart(on.Start); err != nil {
			r.wrong(e.node, fmt.Sprintf("%q is not a beginning", on.Start), "write now, a date such as 2026-01-31, or last 7 days")
		}
	}
}

// CheckTrigger says whether something can be the trigger of a run: what manual
// runs are started with, and samples of tests.
//
// Errors: Problems with the place within it as path.
func (f *Flow) CheckTrigger(trigger json.RawMessage) error {
	raw := f.On.Input
	if t, ok := f.catalogue.Trigger(f.On.Trigger); ok && len(raw) == 0 {
		raw = t.Output
	}
	schema, err := readSchema(raw)
	if err != nil {
		return nil // without a schema anything will do
	}
	v := decode(trigger)
	if v == nil && !allowsNull(schema) {
		return Problems{{Line: 1, Column: 1, Path: "trigger", Text: "nothing is not " + say(typesOf(schema)), Remedy: "start the run with what the trigger would bring"}}
	}
	if path := missing(v, schema); path != "" {
		return Problems{{Line: 1, Column: 1, Path: "trigger." + path, Text: "it is missing", Remedy: describe(path, schema.Properties[path])}}
	}
	if err := conform(v, schema); err != nil {
		return Problems{{Line: 1, Column: 1, Path: "trigger", Text: plainly(err)}}
	}
	return nil
}
