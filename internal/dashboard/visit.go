package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"florin/internal/engine"
	"florin/internal/pay"
)

const (
	// maxForm bounds the body of a form in bytes; the largest holds a flow.
	maxForm = 1 << 20
	// maxNotice bounds what a page is told by the one before it.
	maxNotice = 300
)

// policy lets pages load what the program itself serves, and nothing else: no
// inline script or style, no frame, no other host (CSP level 3).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// visit is one request of a browser and whose it is.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	visitor engine.Visitor // zero on open pages
}

func (v *visit) ctx() context.Context     { return v.r.Context() }
func (v *visit) owner() pay.Owner         { return v.visitor.Key.Owner }
func (v *visit) allows(s pay.Scope) bool  { return s == "" || v.visitor.Key.Allows(s) }
func (v *visit) query() url.Values        { return v.r.URL.Query() }
func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// id is the id in the path.
//
// Errors: invalid_id.
func (v *visit) id() (pay.ID, error) { return pay.ParseID(v.r.PathValue("id")) }

// ask is the write that a form makes. The form carries its idempotency key, so
// that a second click, or going back and sending again, does nothing twice.
//
// Errors: missing_field, when the form is not one of ours.
func (v *visit) ask() (engine.Ask, error) {
	key, err := pay.ParseIdempotencyKey(v.field("once"))
	if err != nil {
		return engine.Ask{}, err
	}
	fields := map[string]string{}
	for name, values := range v.r.PostForm {
		if name != "once" {
			fields[name] = strings.Join(values, ",")
		}
	}
	body, err := json.Marshal(fields)
	return engine.Ask{Owner: v.owner(), IdempotencyKey: key, Method: v.r.Method, Path: v.r.URL.Path, Body: body}, err
}

// once is the idempotency key of a form that is being shown.
func once() string { return "dashboard-" + rand.Text() }

// serve answers one address.
func (d *dashboard) serve(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin") // forms check where they come from
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		header.Set("Cache-Control", "no-store")
		if d.secure {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		v := &visit{w: w, r: r}
		if err := d.answer(p, v); err != nil {
			d.fail(v, err)
		}
	})
}

func (d *dashboard) answer(p page, v *visit) error {
	if v.r.Method == http.MethodPost {
		if err := v.r.ParseForm(); err != nil {
			return pay.Errorf(pay.CodeInvalidBody, "the form cannot be read, or is larger than %d bytes", maxForm)
		}
	}
	if p.open {
		return p.answer(d, v)
	}
	visitor, err := d.engine.Visitor(v.ctx(), d.token(v.r))
	if isSignedOut(err) {
		return d.toSignIn(v)
	}
	if err != nil {
		return err
	}
	v.visitor = visitor
	if !v.allows(p.scope) {
		return pay.Errorf(pay.CodeScopeMissing, "the API key %s has no scope %s; sign in with one that has", visitor.Key.Hint, p.scope)
	}
	if p.proof && !visitor.Session.Proved(d.clock.Now()) {
		return d.toProve(v)
	}
	return p.answer(d, v)
}

// isSignedOut reports whether an error means that the person must sign in.
func isSignedOut(err error) bool {
	return pay.Is(err, pay.CodeSessionEnded) || pay.Is(err, pay.CodeKeyRevoked) || pay.Is(err, pay.CodeKeyExpired)
}

// show writes a page within the frame that all pages have.
func (d *dashboard) show(v *visit, title string, content templ.Component) error {
	return d.write(v, http.StatusOK, title, content)
}

func (d *dashboard) write(v *visit, status int, title string, content templ.Component) error {
	f := frame{
		Title: title, Path: v.r.URL.Path, Assets: d.assets, Version: d.version, Sandbox: d.sandbox,
		SignedIn: v.visitor.Key.ID != "", Mode: v.visitor.Key.Owner.Mode, Hint: v.visitor.Key.Hint,
		Notice: clip(v.query().Get("notice")), Trouble: clip(v.query().Get("trouble")),
	}
	for _, s := range sections {
		if f.SignedIn && v.allows(s.scope) {
			f.Sections = append(f.Sections, s)
		}
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	return layout(f, content).Render(v.ctx(), v.w)
}

func clip(s string) string { return s[:min(len(s), maxNotice)] }

// goTo ends a POST: the browser is sent to a page that shows what came of it.
func (v *visit) goTo(path, notice string) error {
	if notice != "" {
		path += "?notice=" + url.QueryEscape(notice)
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// settle ends a POST that the engine has answered: what was declined or
// refused is said on the page of the thing.
func (v *visit) settle(path, notice string, reply engine.Reply, err error) error {
	if err != nil {
		return v.giveBack(path, err)
	}
	if reply.Status >= http.StatusBadRequest {
		var said struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal(reply.Body, &said) != nil || said.Error.Message == "" {
			return fmt.Errorf("dashboard: a reply of status %d says nothing", reply.Status)
		}
		return v.trouble(path, said.Error.Message)
	}
	if reply.Status == http.StatusAccepted {
		notice = "Stripe has not answered yet. The outcome will show here by itself."
	}
	return v.goTo(path, notice)
}

// giveBack shows an error of the person's own making on the page that they
// came from; any other is a page of its own.
func (v *visit) giveBack(path string, err error) error {
	var e *pay.Error
	if !errors.As(err, &e) || statusOf(e) >= http.StatusInternalServerError {
		return err
	}
	return v.trouble(path, e.Message)
}

func (v *visit) trouble(path, message string) error {
	http.Redirect(v.w, v.r, path+"?trouble="+url.QueryEscape(clip(message)), http.StatusSeeOther)
	return nil
}

// fail is the page of an error: what happened, and how to go on.
func (d *dashboard) fail(v *visit, err error) {
	var e *pay.Error
	if !errors.As(err, &e) {
		e = pay.Errorf(pay.CodeInternal, "something went wrong here; the log says what")
	}
	status := statusOf(e)
	if status >= http.StatusInternalServerError {
		d.log.ErrorContext(v.ctx(), "a page failed", "path", v.r.URL.Path, "error", err)
	}
	info := pay.InfoOf(e.Code)
	_ = d.write(v, status, "That did not work", failure(e.Message, info.Remedy)) // the reader may be gone
}

// statusOf is the HTTP status of a page that shows an error.
func statusOf(e *pay.Error) int {
	switch pay.InfoOf(e.Code).Kind {
	case pay.KindNotFound:
		return http.StatusNotFound
	case pay.KindForbidden:
		return http.StatusForbidden
	case pay.KindUnsigned:
		return http.StatusUnauthorized
	case pay.KindConflict, pay.KindMismatch:
		return http.StatusConflict
	case pay.KindInternal:
		return http.StatusInternalServerError
	case pay.KindProvider:
		return http.StatusBadGateway
	case pay.KindUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}
