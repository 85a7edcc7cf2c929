package flow

import "slices"

// Uses is what a flow needs of the outside.
type Uses struct {
	Connections []string // by name, sorted
	Flows       []string // that it calls, sorted
	Actions     []string // that its steps do, sorted
	Writes      bool     // a step changes something outside
}

// Uses is what the flow's steps and trigger need.
func (f *Flow) Uses() Uses {
	var u Uses
	u.connection(f.Connection)
	u.connection(f.On.Connection)
	u.steps(f.Steps)
	slices.Sort(u.Connections)
	slices.Sort(u.Flows)
	slices.Sort(u.Actions)
	return u
}

func (u *Uses) connection(name string) {
	if name != "" && !slices.Contains(u.Connections, name) {
		u.Connections = append(u.Connections, name)
	}
}

func (u *Uses) action(name string) {
	if name != "" && !slices.Contains(u.Actions, name) {
		u.Actions = append(u.Actions, name)
	}
}

func (u *Uses) steps(list []*Step) {
	for _, s := range list {
		u.connection(s.Connection)
		u.action(s.Do)
		u.Writes = u.Writes || s.Writes
		if s.Call != "" && !slices.Contains(u.Flows, s.Call) {
			u.Flows = append(u.Flows, s.Call)
		}
		if s.Undo != nil {
			u.connection(s.Undo.Connection)
			u.action(s.Undo.Do)
			u.Writes = true
		}
		for _, b := range s.Branches {
			u.steps(b.Steps)
		}
		u.steps(s.onErrorDo)
	}
}
