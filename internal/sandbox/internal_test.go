package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// The golden vector of a webhook's signature (§2.23.1).
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	got := signature("whsec_test_secret", 1700000000, []byte(`{"id":"evt_1","object":"event"}`))
	require.Equal(t, "t=1700000000,v1=0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a2fbda99cd1e6edd", got)
}

func TestFormShapes(t *testing.T) {
	t.Parallel()
	root, err := parseForm("a=1&card[number]=42&types[]=x&types[]=y&items[0][p]=1&items[1][p]=2&rows[][p]=1&rows[][q]=2&rows[][p]=3&metadata[a+b]=c%26d&e=")
	require.NoError(t, err)
	p := params{root}
	require.Equal(t, "1", p.text("a"))
	require.Equal(t, "42", p.hash("card").text("number"))
	require.Equal(t, []string{"x", "y"}, p.list("types"))
	require.Equal(t, "c&d", p.hash("metadata").text("a b"))
	require.True(t, p.has("e"))
	require.Len(t, p.node("items").elements(), 2)
	rows := p.node("rows").elements()
	require.Len(t, rows, 2)
	require.Equal(t, "2", params{rows[0]}.text("q"))
	require.Equal(t, "3", params{rows[1]}.text("p"))

	for _, broken := range []string{"a[b=1", "a[b]c=1", "%zz=1", "a=%z", "[a]=1"} {
		_, err := parseForm(broken)
		require.Error(t, err, broken)
	}
}

func TestListElementsKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	root, err := parseForm("a[10]=k&a[2]=c&a[0]=a")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c", "k"}, params{root}.list("a"))
}

// FuzzForm holds the parser against the standard library's: whatever it
// accepts, every pair must be found again where its name says, and the
// fingerprint must not depend on the order of different names.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a[b][c]=d", "a[]=1&a[]=2", "items[0][price]=p", "metadata[k[x]]=1", "a=%41&%61=2", "&&=", "a[b]=1&a=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		tree, err := parseForm(raw)
		if err != nil {
			return
		}
		known, err := url.ParseQuery(raw)
		if err != nil { // the standard library refuses semicolons, which Stripe takes as text
			return
		}
		for name, texts := range known {
			path, ok := splitKey(name)
			if !ok {
				t.Fatalf("accepted the name %q", name)
			}
			if node := follow(tree, path); node != nil && node.given && len(path) == 1 && node.text != texts[len(texts)-1] {
				t.Fatalf("%q is %q, want the last of %q", name, node.text, texts)
			}
		}
		turned, err := parseForm("zz=last&" + raw)
		if err != nil {
			return // one more is one too many
		}
		if ahead, _ := parseForm(raw + "&zz=last"); ahead != nil && known["zz"] == nil && len(known) > 0 && turned.fingerprint() != ahead.fingerprint() {
			t.Fatalf("the fingerprint of %q depends on the order", raw)
		}
	})
}

func follow(v *values, path []string) *values {
	for _, name := range path {
		if v == nil || name == "" {
			return nil
		}
		v = v.child(name)
	}
	return v
}

func TestFingerprintIgnoresOrderAndEncoding(t *testing.T) {
	t.Parallel()
	first, err := parseForm("a=1&m[x]=1&m[y]=%41")
	require.NoError(t, err)
	second, err := parseForm("m[y]=A&a=%31&m[x]=1")
	require.NoError(t, err)
	other, err := parseForm("m[y]=A&a=2&m[x]=1")
	require.NoError(t, err)
	require.Equal(t, first.fingerprint(), second.fingerprint())
	require.NotEqual(t, first.fingerprint(), other.fingerprint())
}

// Two sources with one seed make the same ids, so that a run can be repeated.
func TestIDsFollowTheirSeed(t *testing.T) {
	t.Parallel()
	a, b := seededIDs([32]byte{1}), seededIDs([32]byte{1})
	require.Equal(t, a.text(24), b.text(24))
	require.NotEqual(t, a.text(24), a.text(24))
	require.Regexp(t, `^[0-9A-Z]{8}$`, a.upper(8))
}

// Every number of §3 passes the check digit, or it was mistyped here.
func TestCardNumbersAreWellFormed(t *testing.T) {
	t.Parallel()
	for number := range cards.byNumber {
		if number[0] >= '0' && number[0] <= '9' {
			require.True(t, luhn(number), number)
		}
	}
}

func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range resources() {
		require.False(t, seen[r.kind.name], r.kind.name)
		seen[r.kind.name] = true
		for _, row := range r.routes {
			require.NotEmpty(t, row.title, row.path)
			names := map[string]bool{}
			for _, p := range row.params {
				require.False(t, names[p.name], "%s %s declares %s twice", row.method, row.path, p.name)
				names[p.name] = true
			}
		}
	}
}

// Trap T1: a handler that panics is answered with an error object, keeps
// nothing of what it did, and holds neither the account nor the key.
func TestPanicsAreErrors(t *testing.T) {
	t.Parallel()
	s, err := Open(Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	broken := s.routed(&route{method: http.MethodPost, path: "/", do: func(c *call) (any, error) {
		customers.add(c.work, &customer{Metadata: map[string]string{}})
		panic("broken")
	}})
	for range 2 {
		request := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		request.Header.Set("Authorization", "Bearer sk_test_x")
		request.Header.Set("Idempotency-Key", "k")
		got := httptest.NewRecorder()
		broken(got, request)
		require.Equal(t, http.StatusInternalServerError, got.Code)
		require.Contains(t, got.Body.String(), `"type":"api_error"`)
	}
	for _, a := range s.everyAccount() {
		require.Empty(t, a.table(&customers.kind).all())
	}
}
