package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"florin/internal/client"
)

const (
	// patience is how long something that was told to happen may take by the
	// machine's clock: far more than events need on a busy machine.
	patience = 45 * time.Second
	// lookEvery is how often it is looked at meanwhile.
	lookEvery = 150 * time.Millisecond
)

// Target is where stories are played.
type Target struct {
	URL, Key  string       // of Florin
	Sandbox   string       // the URL of its sandbox; empty for a Stripe test account
	StripeKey string       // of the account behind it, for steps that go to Stripe itself
	HTTP      *http.Client // nil: http.DefaultClient
	Run       string       // names this run in idempotency keys

	// Advance moves the clock of Florin and of the sandbox; nil moves the
	// sandbox's alone.
	Advance func(ctx context.Context, by time.Duration) error
}

// Result is how a story went.
type Result struct {
	Story   Story
	Steps   []Done
	Checks  []Check
	Parties []Party
	Flows   []Flow
	Took    time.Duration
}

// Done is a step and what came of it.
type Done struct {
	Step    Step
	Said    string // what came back, in short
	Problem string // why it is not as the story says; empty when it is
}

// Check is one thing that the story's end was checked for.
type Check struct {
	What, Want, Got string
	OK              bool
}

// OK reports whether the story went as it says.
func (r Result) OK() bool {
	return !slices.ContainsFunc(r.Steps, func(d Done) bool { return d.Problem != "" }) &&
		!slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.OK })
}

// player plays one story.
type player struct {
	target Target
	client *client.Client
	http   *http.Client
	story  Story
	things map[string]thing  // by the names that the story gave them
	people map[string]string // names of parties, by ids of customers, accounts and payments
	after  string            // the last event before the story

	accounts map[string]string // names of partners, by the ids of their accounts
}

// thing is what a step made, as it was last seen.
type thing struct {
	id     string
	fields map[string]any
}

// Play tells a story at a target. It ends with the first step that does not go
// as the story says; what it found by then is in the result.
//
// Errors: when the target gives no answer; all else is in the result.
func Play(ctx context.Context, target Target, story Story) (Result, error) {
	began := time.Now()
	p := &player{
		target: target, client: client.New(target.URL, target.Key, target.HTTP), http: target.HTTP, story: story,
		things: map[string]thing{}, people: map[string]string{}, accounts: map[string]string{},
	}
	if p.http == nil {
		p.http = http.DefaultClient
	}
	r := Result{Story: story}
	if err := p.skipEvents(ctx); err != nil {
		return r, err
	}
	for _, step := range slices.Concat(story.Given, story.Steps) {
		done := Done{Step: step}
		for range max(1, step.Times) {
			if done = p.step(ctx, step); done.Problem != "" {
				break
			}
		}
		r.Steps = append(r.Steps, done)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if done.Problem != "" {
			break
		}
	}
	err := p.finish(ctx, &r)
	r.Took = time.Since(began)
	return r, err
}

// skipEvents goes past everything that happened before.
func (p *player) skipEvents(ctx context.Context) error {
	for {
		page, err := p.client.Events(ctx, client.EventFilter{After: p.after, Limit: 100})
		if err != nil {
			return err
		}
		if n := len(page.Items); n > 0 {
			p.after = page.Items[n-1].ID
		}
		if page.Next == "" {
			return nil
		}
	}
}

// step does one thing and compares what comes of it.
func (p *player) step(ctx context.Context, s Step) Done {
	done := Done{Step: s}
	fields, err := p.resolve(s.Fields)
	if err == nil {
		if request, ok := verbs[s.Verb]; ok {
			done.Said, err = p.request(ctx, s, request, fields)
		} else {
			done.Said, err = p.special(ctx, s, fields)
		}
	}
	if err != nil {
		done.Problem = err.Error()
	}
	return done
}

// request asks Florin.
func (p *player) request(ctx context.Context, s Step, v verb, given any) (string, error) {
	fields, _ := given.(map[string]any)
	body := maps.Clone(fields)
	path := v.path
	for name, value := range fields {
		if hole := "{" + name + "}"; strings.Contains(path, hole) {
			path = strings.Replace(path, hole, textOf(value), 1)
			delete(body, name)
		}
	}
	if strings.Contains(path, "{") {
		return "", fmt.Errorf("%s needs the field in %s", s.Verb, path)
	}
	var sent any
	if len(body) > 0 || v.method == http.MethodPost {
		sent = body
	}
	var options []client.Option
	if v.once {
		options = append(options, client.IdempotencyKey(fmt.Sprintf("%s-%s-%d", p.target.Run, p.story.Name, s.Line)))
	}
	raw, err := p.client.Ask(ctx, v.method, path, sent, options...)
	return p.answered(s, raw, err)
}

// answered takes note of what a step made and compares it.
func (p *player) answered(s Step, raw json.RawMessage, err error) (string, error) {
	var refused *client.Error
	if err != nil && !errors.As(err, &refused) {
		return "", err
	}
	made := readThing(raw)
	p.note(s, made)
	said := inShort(made.fields)
	switch {
	case refused != nil && s.Error == "":
		return said, err
	case refused != nil && refused.Code != s.Error:
		return said, fmt.Errorf("refused with %s, not %s: %w", refused.Code, s.Error, err)
	case refused != nil:
		said = strings.TrimSpace(said + " refused: " + refused.Code)
	case s.Error != "":
		return said, fmt.Errorf("it should have been refused with %s", s.Error)
	}
	return said, p.compare(made, s.Expect)
}

func readThing(raw json.RawMessage) thing {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	made := thing{}
	_ = decoder.Decode(&made.fields) // an answer without data makes nothing
	made.id = textOf(made.fields["id"])
	return made
}

// note remembers a thing by its name, and whose name stands for which ids.
func (p *player) note(s Step, made thing) {
	if s.As != "" {
		p.things[s.As] = made
	}
	switch name := cmp.Or(s.By, s.As); s.Verb {
	case "card":
		p.people[textOf(made.fields["customer_id"])] = name
	case "account":
		p.accounts[made.id] = name
		p.people[textOf(made.fields["provider_ref"])] = name
	case "pay":
		if s.By != "" {
			p.people[made.id] = s.By
		}
	}
}

// inShort is what a report shows of an answer.
func inShort(fields map[string]any) string {
	var parts []string
	for _, name := range []string{"status", "amount", "amount_captured", "amount_refunded", "fee", "available", "charges_enabled"} {
		if text := textOf(fields[name]); text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

// compare says what of a thing is not as expected.
func (p *player) compare(made thing, expect map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(expect)) {
		want, err := p.resolve(expect[name])
		if err != nil {
			return err
		}
		if got := dig(made.fields, name); !alike(want, got) {
			return fmt.Errorf("%s is %s, not %s", name, shown(got), shown(want))
		}
	}
	return nil
}

func shown(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

// alike compares values as people mean them: 5 is "5.00".
func alike(want, got any) bool {
	if a, err := parseAmount(textOf(want)); err == nil {
		b, err := parseAmount(textOf(got))
		return err == nil && a == b
	}
	return reflect.DeepEqual(want, got)
}

// dig finds a field by its path, such as card.last4.
func dig(fields map[string]any, path string) any {
	var at any = fields
	for name := range strings.SplitSeq(path, ".") {
		inside, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = inside[name]
	}
	return at
}

// resolve puts ids and fields in the place of names: $ride is the id of what
// was made as ride, $ride.amount one of its fields.
func (p *player) resolve(value any) (any, error) {
	switch v := value.(type) {
	case string:
		return p.named(v)
	case []any:
		list := make([]any, len(v))
		for i, each := range v {
			var err error
			if list[i], err = p.resolve(each); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		fields := map[string]any{}
		for name, each := range v {
			var err error
			if fields[name], err = p.resolve(each); err != nil {
				return nil, err
			}
		}
		return fields, nil
	}
	return value, nil
}

func (p *player) named(text string) (any, error) {
	if !strings.HasPrefix(text, "$") {
		return text, nil
	}
	name, path, _ := strings.Cut(text[1:], ".")
	known, ok := p.things[name]
	if !ok {
		return nil, fmt.Errorf("nothing was made as %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(p.things)), ", "))
	}
	if path == "" {
		return known.id, nil
	}
	found := dig(known.fields, path)
	if found == nil {
		return nil, fmt.Errorf("%s has no %s", name, path)
	}
	return found, nil
}

// until tries again until try is content, or patience is over.
func until(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}
