// Package clock is where time comes from. Rooms that decide anything by the
// time of day are handed a Clock, so that tests and the sandbox can move it;
// nothing in engine, store or sandbox calls time.Now.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time, always in UTC and cut to microseconds: what both
// databases can keep, so that a time read back equals the time written.
type Clock interface {
	Now() time.Time
}

// Real is the machine's clock.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return cut(time.Now()) }

// Fixed always tells the same time.
type Fixed time.Time

// Now is the time that the clock was made with.
func (f Fixed) Now() time.Time { return cut(time.Time(f)) }

// Movable runs at the speed of its base clock but can be put ahead, which is
// how the sandbox lets a month pass in a moment. Use NewMovable.
type Movable struct {
	base Clock

	mu     sync.Mutex
	offset time.Duration
	moved  chan struct{}
}

// NewMovable starts a movable clock at the base clock's time plus offset.
func NewMovable(base Clock, offset time.Duration) *Movable {
	return &Movable{base: base, offset: offset, moved: make(chan struct{})}
}

// Now is the base clock's time plus all that the clock was advanced.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.base.Now().Add(m.offset)
}

// Offset is how far the clock is ahead of its base.
func (m *Movable) Offset() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset
}

// Advance puts the clock ahead by d and wakes all who wait on Moved. Time
// never runs backwards: a negative d is ignored.
func (m *Movable) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	m.mu.Lock()
	m.offset += d
	close(m.moved)
	m.moved = make(chan struct{})
	m.mu.Unlock()
}

// Moved is closed at the next Advance, so that a loop asleep until some time
// can look at the clock again.
func (m *Movable) Moved() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved
}

func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
