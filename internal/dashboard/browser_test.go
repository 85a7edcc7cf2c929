package dashboard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
)

// patience is how long a test waits for a page: only a broken one needs it.
const patience = 2 * time.Minute

// browser is a Chromium with one tab, whose complaints are kept.
type browser struct {
	t      *testing.T
	ctx    context.Context
	server *app.Server

	mu         sync.Mutex
	complaints []string // of the console, of scripts, of the policy
}

// open starts the whole program and a browser beside it. The test fails when a
// page complained of anything.
func open(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t, server: apptest.Start(t)}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"), chromedp.WindowSize(1280, 900))...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithListener(b.hear))
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	b.ctx = ctx
	require.NoError(t, chromedp.Do(ctx))
	t.Cleanup(func() { assert.Empty(t, b.heard(), "the browser complained") })
	return b
}

// hear keeps what a page complains of.
func (b *browser) hear(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "script: " + e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			complaint = fmt.Sprintf("console: %s", e.Args[0].Value)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			complaint = "log: " + e.Entry.Text + " " + e.Entry.URL
		}
	}
	if complaint != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, complaint)
	}
}

func (b *browser) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.complaints
}

// forget drops complaints that a test has provoked, after looking at them.
func (b *browser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = nil
}

// goes opens an address of the dashboard.
func (b *browser) goes(path string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Navigate(b.server.URL()+path)))
}

// signsIn follows the link that the program printed.
func (b *browser) signsIn() {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Navigate(b.server.SignIn)))
	b.clicks("form[action='/sign-in/link'] button")
	b.sees("Today")
}

// clicks presses something and waits until the page that follows is there.
func (b *browser) clicks(selector string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector)))
	require.NoError(b.t, err, selector)
}

// opens unfolds a part of the page.
func (b *browser) opens(selector string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(selector))))
}

// fills puts text into a field, in place of what is there.
func (b *browser) fills(selector, text string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.SetValue(chromedp.CSS(selector), text)), selector)
}

// text is all that a reader sees.
func (b *browser) text() string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	require.NoError(b.t, err)
	return text
}

// sees checks that a reader sees something.
func (b *browser) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		assert.Contains(b.t, b.text(), text)
	}
}

// path is where the browser is.
func (b *browser) path() string {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname"))
	require.NoError(b.t, err)
	return at
}

// isAccessible checks the page with Deque's rules: nothing serious may be
// found.
func (b *browser) isAccessible() {
	b.t.Helper()
	rules, err := os.ReadFile(filepath.Join("..", "..", ".cache", "node", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(b.t, err, "axe-core is not installed; run: make deps")
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](string(rules)+";true"))
	require.NoError(b.t, err)
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run().then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join("; ")))`, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	assert.Empty(b.t, found, "at %s", b.path())
}

// pictures takes what the page looks like, light and dark, at both widths,
// when the environment says where to: make screenshots does.
func (b *browser) pictures(name string) {
	b.t.Helper()
	folder := os.Getenv("FLORIN_SCREENSHOTS")
	if folder == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for width, suffix := range map[int64]string{1280: "", 390: "-phone"} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			require.NoError(b.t, err)
			require.NoError(b.t, chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Reload()))
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			require.NoError(b.t, err)
			file := filepath.Join(folder, strings.Join([]string{name, scheme}, "-")+suffix+".png")
			require.NoError(b.t, os.WriteFile(file, picture, 0o600))
		}
	}
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.EmulateReset()))
}
