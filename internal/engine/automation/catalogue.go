package automation

import (
	"florin/internal/engine"
	"florin/internal/flow"
)

// Catalogue is all that flows can be made of: Stripe's operations, the built-in
// actions, and the triggers.
type Catalogue struct {
	actions  []flow.Action
	triggers []flow.Trigger
}

// NewCatalogue puts together what a program has; the triggers are those of
// FlowTriggers.
func NewCatalogue(operations engine.Catalogue, builtIns []BuiltIn, triggers []flow.Trigger) *Catalogue {
	c := &Catalogue{triggers: triggers}
	for _, each := range builtIns {
		c.actions = append(c.actions, each.Action)
	}
	for _, op := range operations.Operations() {
		c.actions = append(c.actions, flow.Action{Name: op.Name, Summary: op.Summary, Input: op.Input, Output: op.Output, Writes: op.Writes})
	}
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
