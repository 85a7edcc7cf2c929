package pay

// Move is one legal change of a thing's status and the event that tells
// merchants of it.
type Move[S ~string] struct {
	From, To S
	Event    EventType
}

// Moves is every legal change of one kind of thing. It is data, not code, so
// that docs/states.md can be drawn from it and a test can walk it.
type Moves[S ~string] []Move[S]

// Find is the move between two statuses, if it is legal.
func (m Moves[S]) Find(from, to S) (Move[S], bool) {
	for _, move := range m {
		if move.From == from && move.To == to {
			return move, true
		}
	}
	return Move[S]{}, false
}
