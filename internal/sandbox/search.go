package sandbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxClauses is how many conditions a search may join (§1.12).
	maxClauses = 10
	// minSubstring is the shortest text that ~ looks for, in characters (§1.12).
	minSubstring = 3
)

var searchParams = []param{text("query").must(), integer("limit"), text("page")}

// searchFields is what each kind can be searched by (§1.12).
var searchFields = map[string][]string{
	"payment_intent": {"amount", "created", "currency", "customer", "metadata", "status"},
	"customer":       {"created", "email", "metadata", "name", "phone"},
	"charge": {"amount", "billing_details.address.postal_code", "created", "currency", "customer", "disputed", "metadata",
		"payment_method_details.card.brand", "payment_method_details.card.exp_month", "payment_method_details.card.exp_year",
		"payment_method_details.card.fingerprint", "payment_method_details.card.last4", "refunded", "status"},
	"invoice":      {"created", "currency", "customer", "metadata", "number", "receipt_number", "status", "total"},
	"price":        {"active", "currency", "lookup_key", "metadata", "product", "type"},
	"product":      {"active", "description", "metadata", "name", "shippable", "url"},
	"subscription": {"canceled_at", "created", "metadata", "status"},
}

// indexedFields are found without looking at every object.
var indexedFields = []string{"customer", "email"}

// clause is one condition: amount>100, -status:"failed", metadata["k"]:"v".
type clause struct {
	negated  bool
	field    string
	key      string // of metadata
	operator string
	value    string
	null     bool
}

// clauseShape is the grammar of one clause; both quotes may be used.
var clauseShape = regexp.MustCompile(`^(-?)([a-z0-9_.]+)(?:\[(?:"([^"]*)"|'([^']*)')\])?(:|~|>=|<=|>|<)(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))`)

// parseSearch reads a query into clauses that all, or any, must hold.
func parseSearch(k *kind, query string) (clauses []clause, either bool, err error) {
	joined := ""
	for rest := strings.TrimSpace(query); rest != ""; {
		found := clauseShape.FindStringSubmatch(rest)
		if found == nil || len(clauses) == maxClauses {
			return nil, false, badSearch("We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.")
		}
		rest = strings.TrimSpace(rest[len(found[0]):])
		one := clause{found[1] != "", found[2], found[3] + found[4], found[5], unescape(found[6] + found[7] + found[8]), found[8] == "null"}
		if err := one.check(k); err != nil {
			return nil, false, err
		}
		clauses = append(clauses, one)
		word, after, _ := strings.Cut(rest, " ")
		if word == "AND" || word == "OR" {
			if joined != "" && joined != word {
				return nil, false, badSearch("You cannot combine AND with OR in one search query.")
			}
			joined, rest = word, strings.TrimSpace(after)
		}
	}
	return clauses, joined == "OR", nil
}

func unescape(s string) string {
	return strings.NewReplacer(`\"`, `"`, `\'`, `'`, `\\`, `\`).Replace(s)
}

func badSearch(message string) error { return badParam("query", "", message) }

func (c clause) check(k *kind) error {
	if !slices.Contains(searchFields[k.name], c.field) || (c.field == "metadata") != (c.key != "") {
		return badSearch("Field `" + c.field + "` is an unsupported search field for resource `" + k.name + "s`.")
	}
	if c.operator == "~" && len([]rune(c.value)) < minSubstring {
		return badSearch("Substring queries must have at least 3 characters.")
	}
	return nil
}

// holds tests the clause on a rendered object.
func (c clause) holds(fields map[string]any) bool { return c.matches(fields) != c.negated }

func (c clause) matches(fields map[string]any) bool {
	var have any = fields
	path := strings.Split(c.field, ".")
	if c.key != "" {
		path = append(path, c.key)
	}
	for _, name := range path {
		level, _ := have.(map[string]any)
		have = level[name]
	}
	if c.null || have == nil {
		return c.null && have == nil
	}
	if number, ok := have.(json.Number); ok {
		return c.compare(number)
	}
	text, ok := have.(string)
	if !ok {
		return strconv.FormatBool(have == true) == c.value
	}
	if c.operator == "~" {
		return strings.Contains(strings.ToLower(text), strings.ToLower(c.value))
	}
	return c.operator == ":" && text == c.value
}

func (c clause) compare(have json.Number) bool {
	a, errA := have.Int64()
	b, errB := strconv.ParseInt(c.value, 10, 64)
	if errA != nil || errB != nil {
		return false
	}
	switch c.operator {
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "<":
		return a < b
	case "<=":
		return a <= b
	}
	return a == b
}

// index is the key that finds what the clause wants, if there is one.
func (c clause) index() (indexKey, bool) {
	switch {
	case c.negated || c.null || c.operator != ":":
		return indexKey{}, false
	case c.key != "":
		return indexKey{"metadata." + c.key, c.value}, true
	}
	return indexKey{c.field, c.value}, slices.Contains(indexedFields, c.field)
}

// metadataKeys are the index entries that make metadata searchable.
func metadataKeys(metadata map[string]string) []indexKey {
	out := make([]indexKey, 0, len(metadata)+2)
	for name, value := range metadata {
		out = append(out, indexKey{"metadata." + name, value})
	}
	return out
}

// searching is the handler of GET …/search (§1.12). What was written is found
// at once, which Stripe does not promise.
func searching(k *kind) func(*call) (any, error) {
	return func(c *call) (any, error) {
		limit, err := c.limit()
		if err != nil {
			return nil, err
		}
		clauses, either, err := parseSearch(k, c.text("query"))
		if err != nil {
			return nil, err
		}
		return c.search(k, clauses, either, limit)
	}
}

func (c *call) search(k *kind, clauses []clause, either bool, limit int) (any, error) {
	t := c.account.table(k)
	places := t.places(narrow(clauses, either))
	if from := c.text("page"); from != "" {
		last := t.get(from)
		if last == nil {
			return nil, noSuch(http.StatusBadRequest, "page", from, "page")
		}
		places = places[:before(places, last.position)]
	}
	keep := func(o object) bool {
		fields := c.fields(o)
		holds := func(one clause) bool { return one.holds(fields) }
		if either {
			return slices.ContainsFunc(clauses, holds)
		}
		return !slices.ContainsFunc(clauses, func(one clause) bool { return !holds(one) })
	}
	out := &page{url: c.path, search: true}
	out.objects, out.more = walk(t, places, both(keep, c.listed()), limit, false)
	if out.more {
		out.next = out.objects[len(out.objects)-1].identity().ID
	}
	return out, nil
}

// narrow chooses the index to walk: that of the first clause that has one,
// when all clauses must hold.
func narrow(clauses []clause, either bool) indexKey {
	for _, one := range clauses {
		if key, ok := one.index(); ok && !either {
			return key
		}
	}
	return indexKey{}
}

func (c *call) fields(o object) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(string((&view{c.work}).object(o, nil))))
	decoder.UseNumber()
	fields := map[string]any{}
	if decoder.Decode(&fields) != nil {
		return nil
	}
	return fields
}
