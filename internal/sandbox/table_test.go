package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// keptCustomer is what a table must know of a customer.
type keptCustomer struct {
	id, email string
	state     state
}

// tableModel is a table as one would write it without a thought of its costs,
// beside the real one.
type tableModel struct {
	account *account
	table   *table
	order   []*keptCustomer // of all that were made; those that are gone stay
	byID    map[string]*keptCustomer
}

func newTableModel() *tableModel {
	r := &resource{kind: &customers.kind, indexes: func(o object) []indexKey { return []indexKey{{"email", value(o.(*customer).Email)}} }}
	a := newAccount("acct_1", map[*kind]*resource{r.kind: r}, &family{})
	return &tableModel{account: a, table: a.table(r.kind), byID: map[string]*keptCustomer{}}
}

func (m *tableModel) put(c keptCustomer, position int32) {
	head := head{c.id, customers.name}
	rec := &record{kind: &customers.kind, state: c.state, position: position, value: &deletedObject{head, true}}
	if c.state == live {
		rec.value = &customer{head: head, Email: &c.email, Description: pointer(strings.Repeat(c.email, 40))}
	}
	o := rec.value
	rec.pack()
	m.account.apply(rec, o)
}

func (m *tableModel) make(id, email string) {
	made := &keptCustomer{id, email, live}
	if old := m.byID[id]; old != nil {
		old.state = gone // a deleted one gives way
	}
	m.order, m.byID[id] = append(m.order, made), made
	m.put(*made, -1)
}

func (m *tableModel) change(c *keptCustomer, email string, to state) {
	c.email, c.state = email, to
	m.put(*c, m.table.get(c.id).position)
	if to == gone {
		delete(m.byID, c.id)
	}
}

// check compares all that can be asked of the two.
func (m *tableModel) check(t require.TestingT, emails []string) {
	var all []string
	for _, c := range m.order {
		if c.state != gone {
			all = append(all, c.id)
		}
	}
	require.Equal(t, all, idsOf(m.table.all()))
	for id, c := range m.byID {
		got := m.table.get(id)
		require.Equal(t, keptCustomer{id, c.email, c.state}, keptCustomer{got.id(), c.email, got.state})
		if c.state == live {
			require.Equal(t, c.email, value(got.object().(*customer).Email))
		}
	}
	for _, key := range append(emails, "") {
		var want, got []string
		for _, c := range m.order {
			if c.state == live && (key == "" || c.email == key) {
				want = append(want, c.id)
			}
		}
		wanted := indexKey{"email", key}
		if key == "" {
			wanted = indexKey{}
		}
		for _, at := range m.table.places(wanted) {
			got = append(got, m.table.at(at).id())
		}
		require.Equal(t, want, got, key)
	}
}

func idsOf(records []*record) (ids []string) {
	for _, rec := range records {
		ids = append(ids, rec.id())
	}
	return ids
}

// A table answers as a map and a list would, whatever was made, changed,
// deleted and made again, and also after its bytes were moved.
func TestTablesAreMapsAndLists(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, emails := newTableModel(), []string{"ann", "bob", "eve"}
		email := func() string { return rapid.SampledFrom(emails).Draw(t, "email") }
		some := func() *keptCustomer {
			var found []*keptCustomer
			for _, c := range m.order {
				if c.state == live {
					found = append(found, c)
				}
			}
			if len(found) == 0 {
				t.Skip("nobody is there")
			}
			return rapid.SampledFrom(found).Draw(t, "customer")
		}
		t.Repeat(map[string]func(*rapid.T){
			"make":   func(*rapid.T) { m.make(fmt.Sprint("cus_", len(m.order)), email()) },
			"change": func(*rapid.T) { m.change(some(), email(), live) },
			"delete": func(*rapid.T) { m.change(some(), "", deleted) },
			"end":    func(*rapid.T) { m.change(some(), "", gone) },
			"tidy":   func(*rapid.T) { m.account.tidy() },
			"make again": func(t *rapid.T) {
				at := slices.IndexFunc(m.order, func(c *keptCustomer) bool { return c.state == deleted })
				if at < 0 {
					t.Skip("nobody was deleted")
				}
				m.make(m.order[at].id, email())
			},
			"": func(t *rapid.T) { m.check(t, emails) },
		})
	})
}

// What nobody wants any more is given up, and what was read before stays right.
func TestShelvesAreTidied(t *testing.T) {
	t.Parallel()
	m := newTableModel()
	for n := range 2000 {
		m.make(fmt.Sprint("cus_", n), fmt.Sprint("email number ", n))
	}
	first := m.table.get("cus_0").object().(*customer)
	most := m.account.shelf.written
	require.Greater(t, most, spareShelf)
	for round := range 3 {
		for _, c := range m.order {
			m.change(c, fmt.Sprint(round, " is the round of ", c.id), live)
		}
	}
	require.LessOrEqual(t, m.account.shelf.written, 2*m.account.shelf.wanted+spareShelf)
	require.Equal(t, "email number 0", *first.Email)
	m.check(t, []string{"email number 0", "2 is the round of cus_1999"})
}

// Equal bytes that come one after the other are on a shelf once.
func TestShelvesShare(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	one, other := s.put("an object"), s.put("an event")
	require.Equal(t, one, s.put(strings.Clone("an object")))
	require.NotEqual(t, one, other)
	require.Equal(t, len("an object")+len("an event"), s.written)
	require.Equal(t, "an object", s.read(one))
	long := strings.Repeat("x", 2*fullBlock)
	require.Equal(t, long, s.read(s.put(long)))
	require.Empty(t, s.read(s.put("")))
}
