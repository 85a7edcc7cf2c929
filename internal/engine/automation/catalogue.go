package automation

import (
	"encoding/json"

	"florin/internal/engine"
	"florin/internal/flow"
	"florin/internal/pay"
)

// Catalogue is all that flows can be made of: Stripe's operations, the built-in
// actions, and the triggers.
type Catalogue struct {
	actions  []flow.Action
	triggers []flow.Trigger
}

// NewCatalogue puts together what a program has.
func NewCatalogue(operations engine.Catalogue, builtIns []BuiltIn, triggers []pay.Trigger) *Catalogue {
	c := &Catalogue{}
	for _, each := range builtIns {
		c.actions = append(c.actions, each.Action)
	}
	for _, op := range operations.Operations() {
		c.actions = append(c.actions, flow.Action{Name: op.Name, Summary: op.Summary, Input: op.Input, Output: op.Output, Writes: op.Writes})
	}
	for _, t := range triggers {
		c.triggers = append(c.triggers, flow.Trigger{
			Name: t.Name, Summary: t.Summary, Input: t.Options, Output: t.Output, Sample: t.Sample, Polls: true,
		})
	}
	c.triggers = append(c.triggers, flow.Trigger{
		Name: string(pay.WatchHook), Summary: "Somebody posts JSON to the flow's own address.", Sample: json.RawMessage(`{}`),
	})
	return c
}

// Action finds one by its name.
func (c *Catalogue) Action(name string) (flow.Action, bool) {
	for _, each := range c.actions {
		if each.Name == name {
			return each, true
		}
	}
	return flow.Action{}, false
}

// Trigger finds one by its name.
func (c *Catalogue) Trigger(name string) (flow.Trigger, bool) {
	for _, each := range c.triggers {
		if each.Name == name {
			return each, true
		}
	}
	return flow.Trigger{}, false
}

// Actions is all of them, the built-in ones first.
func (c *Catalogue) Actions() []flow.Action { return c.actions }

// Triggers is all of them.
func (c *Catalogue) Triggers() []flow.Trigger { return c.triggers }
