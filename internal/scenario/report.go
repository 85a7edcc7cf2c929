package scenario

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{"picture": Picture}).Parse(reportText))

// WriteReport writes how stories went as one HTML page that needs nothing else:
// what happened step by step, who paid whom, and what everybody has.
func WriteReport(w io.Writer, results []Result) error {
	passed := 0
	for _, r := range results {
		if r.OK() {
			passed++
		}
	}
	return reportPage.Execute(w, struct {
		Results []Result
		Passed  int
	}{results, passed})
}
