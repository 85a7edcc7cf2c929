package sandbox

import (
	_ "embed" // coverage.md
	"fmt"
	"slices"
	"strings"
)

// coverageHead is the part of docs/sandbox.md that people wrote: how to use the
// sandbox, and what it does not do.
//
//go:embed coverage.md
var coverageHead string

// CoverageMarkdown is docs/sandbox.md: the page that people wrote, and the table
// of what is kept with state and what is answered from examples, from the
// routes and from Stripe's OpenAPI document.
//
// Errors: a document of Stripe's that cannot be read, which is a defect.
func CoverageMarkdown() (string, error) {
	known, err := stripeOperations()
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(coverageHead)
	all := everyRoute()
	have := map[operation]bool{}
	for _, r := range all {
		have[r.operation().shape()] = true
	}
	var rest []operation
	for _, o := range known {
		if !have[o.shape()] {
			rest = append(rest, o)
		}
	}
	fmt.Fprintf(&page, "\nStripe's OpenAPI document has %d operations: %d are kept with state, %d are answered from fixtures.\n",
		len(known), len(known)-len(rest), len(rest))
	writeStateful(&page, all, known)
	writeFixtures(&page, rest)
	return page.String(), nil
}

func (r *route) operation() operation { return operation{r.method, r.path} }

// everyRoute is the routes of all resources, by path and then method.
func everyRoute() []route {
	var out []route
	for _, r := range resources() {
		out = append(out, r.routes...)
	}
	slices.SortFunc(out, func(a, b route) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return out
}

// writeStateful lists the routes; those that Stripe's document no longer has
// are the older ones that its libraries still call.
func writeStateful(page *strings.Builder, routes []route, known []operation) {
	current := map[operation]bool{}
	for _, o := range known {
		current[o.shape()] = true
	}
	page.WriteString("\n### Kept with state\n\n| Request | What it does |\n|---|---|\n")
	for _, r := range routes {
		note := ""
		if !current[r.operation().shape()] {
			note = " (of older versions of the API)"
		}
		fmt.Fprintf(page, "| `%s %s` | %s%s |\n", r.method, r.path, r.title, note)
	}
}

// writeFixtures lists the rest, one row for a path.
func writeFixtures(page *strings.Builder, rest []operation) {
	page.WriteString("\n### Answered from fixtures, and refused with `--strict`\n\n| Path | Methods |\n|---|---|\n")
	for at := 0; at < len(rest); {
		path, methods := rest[at].path, []string{}
		for ; at < len(rest) && rest[at].path == path; at++ {
			methods = append(methods, rest[at].method)
		}
		fmt.Fprintf(page, "| `%s` | %s |\n", path, strings.Join(methods, ", "))
	}
}
