package export_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/export"
	"florin/internal/pay"
)

var owner = pay.Owner{Merchant: "m", Mode: pay.Test}

func line(key string, cells ...string) pay.Line {
	return pay.Line{Owner: owner, File: "charges.csv", Columns: []string{"id", "note"}, Cells: cells, Key: key}
}

// TestALineIsThereOnce appends from many sides at once, each line several
// times, and over a line that a crash tore.
func TestALineIsThereOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "m", "test", "charges.csv")
	e := export.New(folder)
	fresh, err := e.Append(context.Background(), line("k0", "0", "two\nlines, \"quoted\""))
	require.NoError(t, err)
	assert.True(t, fresh)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("k1,\"1,half a li")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			_, err := export.New(folder).Append(context.Background(), line(fmt.Sprint("k", i%10), fmt.Sprint(i%10), "=1+1"))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 1; i < 10; i++ {
		assert.Contains(t, string(text), fmt.Sprintf("\nk%d,%d,'=1+1\n", i, i))
	}
	assert.Len(t, text, len("florin_key,id,note\n")+len("k0,0,\"two\nlines, \"\"quoted\"\"\"\n")+9*len("k1,1,'=1+1\n"), "%s", text)
}

// TestWhatAFileIsNot refuses names that lead elsewhere, and other columns.
func TestWhatAFileIsNot(t *testing.T) {
	t.Parallel()
	e := export.New(t.TempDir())
	for _, name := range []string{"../a.csv", "a/b.csv", ".csv", "a.txt", "a..csv", ""} {
		l := line("k")
		l.File = name
		_, err := e.Append(context.Background(), l)
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(err), name)
	}
	_, err := e.Append(context.Background(), line("k", "1", "2"))
	require.NoError(t, err)
	other := line("l", "1")
	other.Columns = []string{"id"}
	_, err = e.Append(context.Background(), other)
	assert.ErrorContains(t, err, "has the columns florin_key, id, note")
}
