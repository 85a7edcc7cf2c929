package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"florin/internal/pay"
)

// docsHTML is the two pages under /docs. They need no script and nothing from
// another host, so that they can be read without a network.
//
//go:embed docs.html
var docsHTML string

var docsTemplate = template.Must(template.New("docs").Funcs(template.FuncMap{"code": codeMarks}).Parse(docsHTML))

// defaultBase stands in the examples when nobody said where the API is.
const defaultBase = "http://127.0.0.1:8080"

// docsCache is how long browsers may keep the pages: they change with the
// program only.
const docsCache = "public, max-age=300"

// docsPolicy lets the pages do nothing but show themselves.
const docsPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// addDocs serves what is written about the API: for people, and for machines.
// Each page is made once, when it is first asked for: a start need not wait for
// what few read. That one cannot be made is a defect, which every test of the
// pages finds.
func addDocs(mux *http.ServeMux, base string, catalogue []pay.Operation) {
	routes := Routes(catalogue...)
	doc := sync.OnceValue(func() *huma.OpenAPI { return document(routes) })
	pages := []struct {
		path, kind string
		make       func() ([]byte, error)
	}{
		{"/openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(doc()) }},
		{"/openapi.yaml", "application/openapi+yaml", func() ([]byte, error) { return doc().YAML() }},
		{"/docs", "text/html; charset=utf-8", func() ([]byte, error) {
			sections := newSchemas(routes).sections(routes, cmp.Or(base, defaultBase))
			return render("reference", docsPage{Base: cmp.Or(base, defaultBase), Sections: sections, Version: APIVersion})
		}},
		{errorsPath, "text/html; charset=utf-8", func() ([]byte, error) { return render("errors", errorsPage{Groups: errorGroups()}) }},
	}
	for _, page := range pages {
		made := sync.OnceValues(page.make)
		mux.HandleFunc("GET "+page.path, func(w http.ResponseWriter, r *http.Request) {
			body, err := made()
			if err != nil {
				sendError(w, r, fmt.Errorf("api: %s: %w", page.path, err))
				return
			}
			header := w.Header()
			header.Set("Content-Type", page.kind)
			header.Set("Cache-Control", docsCache)
			header.Set("Content-Security-Policy", docsPolicy)
			_, _ = w.Write(body) // the reader may be gone, which is no news here
		})
	}
}

// render makes a page out of what the program itself says.
func render(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	err := docsTemplate.ExecuteTemplate(&b, name, page)
	return b.Bytes(), err
}

// codeMarks shows `text` between backquotes as code.
func codeMarks(text string) template.HTML {
	parts := strings.Split(text, "`")
	var b strings.Builder
	for i, part := range parts {
		escaped := template.HTMLEscapeString(part)
		if i%2 == 1 {
			escaped = "<code>" + escaped + "</code>"
		}
		b.WriteString(escaped)
	}
	return template.HTML(b.String()) // every part was escaped above
}

type docsPage struct {
	Base     string
	Version  string
	Sections []docsSection
}

type docsSection struct {
	Title  string
	Routes []docsRoute
}

// docsRoute is a route as people read it.
type docsRoute struct {
	Route
	Body, Query, Reply []docsField
	Example            string
	Problems           []docsProblem
}

type docsProblem struct {
	Code   pay.Code
	Status int
}

// docsField is one field of a body, query or reply, in dotted form.
type docsField struct {
	Name, Type, Doc string
	Required        bool
}

type errorsPage struct{ Groups []errorGroup }

type errorGroup struct {
	Status int
	Text   string
	Codes  []pay.CodeInfo
}

func errorGroups() []errorGroup {
	var groups []errorGroup
	for _, status := range errorStatuses() {
		groups = append(groups, errorGroup{Status: status, Text: http.StatusText(status), Codes: codesWith(status)})
	}
	return groups
}

func (s schemas) sections(routes []Route, base string) []docsSection {
	var sections []docsSection
	for _, route := range routes {
		if len(sections) == 0 || sections[len(sections)-1].Title != route.Tag {
			sections = append(sections, docsSection{Title: route.Tag})
		}
		last := &sections[len(sections)-1]
		last.Routes = append(last.Routes, s.docsRoute(route, base))
	}
	return sections
}

func (s schemas) docsRoute(route Route, base string) docsRoute {
	page := docsRoute{Route: route, Body: s.fields(route.takes), Query: s.fields(route.asks), Example: s.example(route, base)}
	if route.runs != nil {
		page.Body, page.Query = parameterFields(route)
	}
	if route.Gives != nil {
		page.Reply = s.fields(reflect.TypeOf(route.Gives))
	}
	for _, code := range route.everyCode() {
		page.Problems = append(page.Problems, docsProblem{Code: code, Status: StatusOf(code)})
	}
	return page
}

// parameterFields are an operation's parameters, in the body or the query.
func parameterFields(route Route) (body, query []docsField) {
	var list []docsField
	for _, p := range route.runs.Parameters {
		doc := p.Description
		if len(p.Allowed) > 0 {
			doc += " One of " + strings.Join(p.Allowed, ", ") + "."
		}
		if p.Default != "" {
			doc += " Default: " + p.Default + "."
		}
		list = append(list, docsField{Name: p.Name, Type: p.Type, Doc: doc, Required: p.Required})
	}
	if route.takes == nil {
		return nil, list
	}
	for i := range list {
		list[i].Name = "input." + list[i].Name
	}
	return list, nil
}

// fields lists a type's fields, those of objects inside it included; required
// ones come first.
func (s schemas) fields(t reflect.Type) []docsField {
	if t == nil {
		return nil
	}
	list := s.fieldsOf(s.of(t), "")
	slices.SortStableFunc(list, func(a, b docsField) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		default:
			return 1
		}
	})
	return list
}

func (s schemas) fieldsOf(schema *huma.Schema, prefix string) []docsField {
	var list []docsField
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		at := join(prefix, name)
		list = append(list, docsField{
			Name: at, Type: s.typeName(property), Doc: docOfField(property), Required: slices.Contains(schema.Required, name),
		})
		if inner := s.inner(property); inner != nil {
			list = append(list, s.fieldsOf(inner, at)...)
		}
	}
	return list
}

// inner is the object that a field holds, if it holds one.
func (s schemas) inner(property *huma.Schema) *huma.Schema {
	if property.Type == huma.TypeArray {
		property = property.Items
	}
	if len(property.AnyOf) > 0 {
		property = property.AnyOf[0]
	}
	if property.Ref == "" {
		return nil
	}
	return s.SchemaFromRef(property.Ref)
}

func (s schemas) typeName(property *huma.Schema) string {
	switch {
	case len(property.OneOf) > 0:
		return "number or string"
	case len(property.AnyOf) > 0:
		return "object or null"
	case property.Ref != "":
		return huma.TypeObject
	case property.Nullable:
		return property.Type + " or null"
	case property.Type == huma.TypeArray:
		return "list of " + s.typeName(property.Items)
	case property.Type == huma.TypeObject:
		return "map of strings"
	case property.Type == "":
		return "any"
	case property.Format == "uuid" || property.Format == "date-time":
		return property.Format
	default:
		return property.Type
	}
}

// docOfField joins what is said of a field with what it may be.
func docOfField(property *huma.Schema) string {
	parts := []string{}
	if property.Description != "" {
		parts = append(parts, property.Description)
	}
	values := property.Enum
	if property.Items != nil {
		values = property.Items.Enum
	}
	if len(values) > 0 {
		parts = append(parts, fmt.Sprintf("One of %s.", strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ", "), "[]")))
	}
	if property.Default != nil {
		parts = append(parts, fmt.Sprintf("Default: %v.", property.Default))
	}
	return strings.Join(parts, " ")
}

// example is a curl line that works once the key and ids are put in.
func (s schemas) example(route Route, base string) string {
	lines := []string{"curl " + base + strings.NewReplacer("{id}", "$ID", "{merchant}", "$MERCHANT").Replace(route.Path)}
	if route.Method != http.MethodGet {
		lines[0] = "curl -X " + route.Method + strings.TrimPrefix(lines[0], "curl")
	}
	if !route.Open {
		lines = append(lines, `-H "X-API-Key: $FLORIN_KEY"`)
	}
	if route.Key == KeyRequired {
		lines = append(lines, `-H "Idempotency-Key: order-123"`)
	}
	body := s.exampleBody(route.takes)
	if route.runs != nil && route.takes != nil {
		body = `{"input":` + string(orObject(route.runs.Example)) + `}`
	}
	if body != "" {
		lines = append(lines, `-H "Content-Type: application/json"`, "-d '"+body+"'")
	}
	return strings.Join(lines, " \\\n  ")
}

// exampleBodies are the bodies shown, which a test sends through the checks.
var exampleBodies = map[reflect.Type]string{
	typeOf[NewBalanceChange]():   `{"amount":"5.00","currency":"USD","reason":"priority, week 12"}`,
	typeOf[NewPayment]():         `{"amount":"50.00","currency":"USD","provider":"stripe","payment_method":"pm_card_visa"}`,
	typeOf[Capture]():            `{"amount":"20.00"}`,
	typeOf[NewRefund]():          `{"payment_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","amount":"25.00"}`,
	typeOf[NewTransfer]():        `{"account":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","payment_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e91","amount":"16.00"}`,
	typeOf[NewPayout]():          `{"account":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","amount":"16.00","currency":"USD"}`,
	typeOf[NewReversal]():        `{"amount":"5.00"}`,
	typeOf[NewCard]():            `{"payment_method_id":"pm_card_visa","customer_email":"user@example.com","customer_name":"Jane Doe"}`,
	typeOf[SetUpCard]():          `{"payment_method_id":"pm_card_visa","customer_email":"user@example.com","return_url":"https://merchant.com/return"}`,
	typeOf[NewAccount]():         `{"type":"express","country":"US","email":"driver@example.com","name":"Jenny Rosen"}`,
	typeOf[AccountChange]():      `{"name":"Jenny R.","metadata":{"driver":"17"}}`,
	typeOf[Rejection]():          `{"reason":"fraud"}`,
	typeOf[NewLink]():            `{"return_url":"https://yourapp.com/onboarded","refresh_url":"https://yourapp.com/onboard"}`,
	typeOf[NewBankAccount]():     `{"external_account":"btok_us_verified"}`,
	typeOf[NewConnection]():      `{"provider":"stripe","stripe":{"secret_key":"sk_test_your_stripe_secret_key","webhook_secret":"whsec_your_webhook_signing_secret"}}`,
	typeOf[NewWebhook]():         `{"webhook_url":"https://yourapp.com/webhooks/payments"}`,
	typeOf[NewEndpoint]():        `{"url":"https://yourapp.com/webhooks/payments","events":["payment.completed","payment.failed"]}`,
	typeOf[EndpointChange]():     `{"enabled":true}`,
	typeOf[CreateConnection]():   `{"name":"books","kind":"http","http":{"base_url":"https://books.example.com","headers":{"Authorization":"Bearer your_token"}}}`,
	typeOf[RotateCredentials]():  `{"stripe":{"secret_key":"sk_test_your_new_stripe_secret_key"}}`,
	typeOf[ConnectionChange]():   `{"shared":true}`,
	typeOf[CatchUp]():            `{"missed":"catch_up"}`,
	typeOf[ApplyFlow]():          `{"source":"flow: big-charges\non: new-charge\nwhen: trigger.amount > 10000\nsteps:\n  - do: csv.append\n    with: { file: charges.csv, values: { id: \"${trigger.id}\" } }\n"}`,
	typeOf[ResumeFlow]():         `{"missed":"from_now"}`,
	typeOf[RunInput]():           `{"input":{"id":"ch_3MmlLrLkdIwHu7ix0snN0B15","amount":20000}}`,
	typeOf[Rerun]():              `{"from":"post"}`,
	typeOf[DecideApproval]():     `{"decision":"approve","note":"Known customer."}`,
	typeOf[Rotation]():           `{"overlap_seconds":3600}`,
	typeOf[Replay]():             `{"which":"failed","since":"2025-06-01"}`,
	typeOf[NewPlan]():            `{"name":"Reader","amount":"10.00","currency":"USD","interval":"month","trial_days":7,"account_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","platform_percent":"20"}`,
	typeOf[TemplateText]():       `{"subject":"Thank you from {{.Merchant}}","text":"{{.Merchant}} has taken {{.Amount}} on {{.Date}}."}`,
	typeOf[BillingChange]():      `{"dunning":{"retry_days":[3,5,7],"end":"cancel"},"mail":{"send":true,"locale":"en-US"}}`,
	typeOf[PlanChange]():         `{"active":false}`,
	typeOf[NewSubscription]():    `{"customer_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","plan_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e91"}`,
	typeOf[SubscriptionChange](): `{"plan_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e92","proration":"now"}`,
	typeOf[SubscriptionPause]():  `{"behavior":"void","resumes_at":"2027-01-01T00:00:00Z"}`,
	typeOf[SubscriptionEnd]():    `{"at_period_end":true}`,
	typeOf[InvoicePayment]():     `{"card_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"}`,
}

func (s schemas) exampleBody(t reflect.Type) string {
	if t == nil {
		return ""
	}
	return exampleBodies[t]
}
