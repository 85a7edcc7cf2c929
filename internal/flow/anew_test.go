package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const manyParts = `
flow: parts
on: manual
steps:
  - { id: first, do: list-charges }
  - id: each
    for_each: steps.first.data
    as: charge
    steps:
      - { id: find, do: list-charges }
      - { id: copy, do: create-refund, with: { charge_id: "${charge.id}" } }
  - id: many
    for_each: steps.first.data
    as: charge
    parallel: 3
    steps:
      - { id: look, do: list-charges }
      - { id: back, do: create-refund, with: { charge_id: "${charge.id}" } }
  - parallel:
      - - { id: left, do: list-charges }
        - { id: left2, do: list-charges }
      - - id: right
          do: list-charges
          on_error:
            - { id: mend, do: list-charges }
        - { id: right2, do: list-charges }
  - { id: last, do: list-charges }
`

func TestWhatIsDoneAnew(t *testing.T) {
	t.Parallel()
	parts := start(t, manyParts).flow
	all := []string{
		"first", "each[0].find", "each[0].copy", "each[1].find", "each[1].copy", "many[0].look", "many[0].back", "many[1].look", "many[1].back",
		"left", "left2", "right", "mend", "right2", "last",
	}
	tail := []string{"left", "left2", "right", "mend", "right2", "last"}
	many := []string{"many[0].look", "many[0].back", "many[1].look", "many[1].back"}
	for from, want := range map[string][]string{
		"first":        all,
		"each[0].copy": append(append([]string{"each[0].copy", "each[1].find", "each[1].copy"}, many...), tail...),
		"each[1].find": append(append([]string{"each[1].find", "each[1].copy"}, many...), tail...),
		"copy":         append(append([]string{"each[0].copy", "each[1].find", "each[1].copy"}, many...), tail...),
		"many[0].look": append([]string{"many[0].look", "many[0].back"}, tail...),
		"many[1].back": append([]string{"many[1].back"}, tail...),
		"back":         append([]string{"many[0].back", "many[1].back"}, tail...),
		"left":         {"left", "left2", "last"},
		"left2":        {"left2", "last"},
		"right":        {"right", "mend", "right2", "last"},
		"mend":         {"mend", "right2", "last"},
		"last":         {"last"},
		"unknown":      nil,
	} {
		anew := parts.Anew(from)
		var got []string
		for _, path := range all {
			if anew(path) {
				got = append(got, path)
			}
		}
		assert.Equal(t, want, got, from)
	}
}
