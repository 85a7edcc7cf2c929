package config

import (
	"fmt"
	"strings"
)

const markdownHead = `# Configuration

Every setting is an environment variable and a flag of ` + "`florin`" + `. A flag wins over the environment, and that over the
default. A variable that is empty counts as not set. With nothing set, Florin keeps all it needs in the data folder,
readable by its user only. Secrets never appear in logs, in errors or in ` + "`florin`'s" + ` own output.

| Environment | Flag | Default | Meaning |
|---|---|---|---|
`

// Markdown is docs/configuration.md, written from the table of settings.
func Markdown() string {
	var page strings.Builder
	page.WriteString(markdownHead)
	for _, s := range settings {
		help := strings.ReplaceAll(s.help, "`", "")
		if s.secret {
			help += " Secret."
		}
		fmt.Fprintf(&page, "| `%s` | `--%s` | %s | %s |\n", s.env, s.flag, s.markdownDefault(), escapeCell(help))
	}
	return page.String()
}

// markdownDefault sets values in code letters, and sentences not.
func (s setting) markdownDefault() string {
	if s.fallback != "" {
		return "`" + s.fallback + "`"
	}
	return escapeCell(s.derived)
}

// escapeCell keeps a text inside its table cell and out of the page's markup.
func escapeCell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(text)
}
