package store

import (
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file is inside the package because nobody outside can see what SQLite is
// given.

func TestPlaceholdersLoseTheirNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]placed{
		"INSERT INTO a VALUES ($1, $2)":         {"INSERT INTO a VALUES (?, ?)", []int{1, 2}},
		"UPDATE a SET b = $2, c=$10 WHERE d=$1": {"UPDATE a SET b = ?, c=? WHERE d=?", []int{2, 10, 1}},
		`SELECT '$1''?', "$2", $3 || ',$4'`:     {`SELECT '$1''?', "$2", ? || ',$4'`, []int{3}},
		"SELECT 1":                              {"SELECT 1", nil},
		"SELECT $1 UNION SELECT $1":             {"SELECT $1 UNION SELECT $1", nil},
		"SELECT $1, ?2":                         {"SELECT $1, ?2", nil},
		"SELECT $1, @b":                         {"SELECT $1, @b", nil},
		"SELECT $1, :b":                         {"SELECT $1, :b", nil},
		"SELECT $1 -- '":                        {"SELECT $1 -- '", nil},
		"SELECT $1 /* ' */":                     {"SELECT $1 /* ' */", nil},
		"SELECT $a, $1":                         {"SELECT $a, $1", nil},
		"SELECT $1; SELECT $2":                  {"SELECT $1; SELECT $2", nil},
		"SELECT $1, 'open":                      {"SELECT $1, 'open", nil},
	} {
		assert.Equal(t, want, nameless(text), text)
	}
}

func TestArgumentsFollowTheirPlaceholders(t *testing.T) {
	t.Parallel()
	db, err := sqlitePool(filepath.Join(t.TempDir(), "p.db"), "", sqliteSettings)
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	ask := func(text string, args ...any) (answer string, err error) {
		err = db.QueryRowContext(t.Context(), text, args...).Scan(&answer)
		return answer, err
	}
	for text, want := range map[string]string{
		"SELECT $3 || $1 || $2": "cab", "SELECT $1 || $1 || $2 || $3": "aabc", "SELECT $2 || '$1' || $1 || $3": "b$1ac",
	} {
		for range 2 { // the second time it is prepared
			got, err := ask(text, "a", "b", "c")
			require.NoError(t, err, text)
			require.Equal(t, want, got, text)
		}
	}
	_, err = ask("SELECT $1 || $2", "a")
	require.Error(t, err, "one is missing")
	got, err := ask("SELECT @name || ''", sql.Named("name", "a"))
	require.NoError(t, err)
	require.Equal(t, "a", got)
	args := []driver.NamedValue{{Ordinal: 1, Value: "a"}}
	require.Equal(t, args, placed{text: "SELECT 1"}.arrange(args))
}
