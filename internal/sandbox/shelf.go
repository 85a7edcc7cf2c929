package sandbox

import "strings"

// Sizes of a shelf's blocks, in bytes: the first is small, for an account that
// has little, and each further one as long as all before it, up to a size of
// which few are needed.
const (
	firstBlock = 1 << 10
	fullBlock  = 1 << 18
)

// rememberedBytes is how many of the last bytes are looked through for equal
// ones: those of one change, of nearly every route.
const rememberedBytes = 32

// spareShelf is how many bytes that nobody wants any more are never worth
// moving the others for.
const spareShelf = 1 << 20

// shelf keeps the packed bytes of an account's objects, one after the other, in
// a few large blocks. Were each a string of its own, the garbage collector
// would follow a million pointers to them, again and again. Bytes never change:
// what was read from a shelf stays right, also after they were moved.
type shelf struct {
	blocks  []string // what is written of each
	open    *strings.Builder
	recent  [rememberedBytes]shelved
	puts    int // in all, of which recent has the last
	written int // bytes in all blocks
	wanted  int // bytes that rows refer to, counted for each row
}

// slot is where bytes are on a shelf. It holds no pointer.
type slot struct{ block, from, length uint32 }

// shelved are bytes that were put on the shelf a short while ago.
type shelved struct {
	bytes string
	at    slot
}

// put keeps bytes for one more row. Equal ones that come one after the other
// are kept once: an object, the event about it and the answer that shows it are
// often the same.
func (s *shelf) put(bytes string) slot {
	if bytes == "" {
		return slot{}
	}
	s.wanted += len(bytes)
	for at := range s.recent {
		if s.recent[at].bytes == bytes {
			return s.recent[at].at
		}
	}
	at := s.write(bytes)
	s.recent[s.puts%rememberedBytes] = shelved{s.read(at), at}
	s.puts++
	return at
}

func (s *shelf) write(bytes string) slot {
	if s.open == nil || s.open.Cap()-s.open.Len() < len(bytes) {
		s.open = &strings.Builder{}
		s.open.Grow(max(len(bytes), min(fullBlock, max(firstBlock, s.written))))
		s.blocks = append(s.blocks, "")
	}
	last := len(s.blocks) - 1
	at := slot{uint32(last), uint32(s.open.Len()), uint32(len(bytes))} // no object is longer than a request
	s.open.WriteString(bytes)
	s.blocks[last] = s.open.String() // the builder never grows again, so this is a view of the block
	s.written += len(bytes)
	return at
}

func (s *shelf) read(at slot) string {
	if at.length == 0 {
		return ""
	}
	return s.blocks[at.block][at.from : at.from+at.length]
}

// drop says that a row refers to bytes no longer.
func (s *shelf) drop(at slot) { s.wanted -= int(at.length) }

// wasteful says that most of the shelf is wanted by nobody.
func (s *shelf) wasteful() bool { return s.written > 2*s.wanted+spareShelf }

// tidy moves all that is wanted to a new shelf. It is rare: at least as much
// was written since the last time as is moved.
func (a *account) tidy() {
	next, moved := &shelf{}, map[slot]slot{}
	move := func(at *slot) {
		if at.length == 0 {
			return
		}
		to, known := moved[*at]
		if !known {
			to = next.write(a.shelf.read(*at))
			moved[*at] = to
		}
		*at = to
	}
	for _, t := range a.tables {
		for at := range t.rows {
			move(&t.rows[at].own)
			move(&t.rows[at].inside)
		}
	}
	next.wanted = a.shelf.wanted
	*a.shelf = *next
}
