package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"florin/internal/pay"
)

// cookieName is the session cookie's. Over https its prefix makes browsers
// refuse one that another host, or plain http, has set (RFC 6265bis, 4.1.3).
func (d *dashboard) cookieName() string {
	if d.secure {
		return "__Host-florin"
	}
	return "florin"
}

// token is the session's token that a browser sends, or empty.
func (d *dashboard) token(r *http.Request) string {
	cookie, err := r.Cookie(d.cookieName())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// admit hands the browser its token and sends it where it wanted to go.
func (d *dashboard) admit(v *visit, token, to string) error {
	http.SetCookie(v.w, d.cookie(token, int(pay.SessionSpan.Seconds())))
	http.Redirect(v.w, v.r, within(to), http.StatusSeeOther)
	return nil
}

// cookie is the session cookie; a negative age ends it.
func (d *dashboard) cookie(token string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: d.cookieName(), Value: token, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode,
	}
}

// within is an address of the dashboard itself, or its home: nobody is sent
// elsewhere by a link that leads through the sign-in.
func within(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return "/"
	}
	return u.RequestURI()
}

// toSignIn sends a person to the sign-in, and back afterwards.
func (d *dashboard) toSignIn(v *visit) error {
	to := "/sign-in"
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/" {
		to += "?to=" + url.QueryEscape(v.r.URL.RequestURI())
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// toProve asks for the key again, and goes on to where the person was.
func (d *dashboard) toProve(v *visit) error {
	back := v.r.URL.RequestURI()
	if v.r.Method == http.MethodPost {
		back = within(refererPath(v.r))
	}
	http.Redirect(v.w, v.r, "/prove?to="+url.QueryEscape(back), http.StatusSeeOther)
	return nil
}

// refererPath is the page of ours that a form was on.
func refererPath(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil {
		return "/"
	}
	return u.RequestURI()
}

func (d *dashboard) signInPage(v *visit) error {
	return d.show(v, "Sign in", signInForm(within(v.query().Get("to")), ""))
}

func (d *dashboard) signIn(v *visit) error {
	to := within(v.field("to"))
	token, err := d.engine.SignIn(v.ctx(), v.field("key"))
	if err != nil {
		return refuse(err, func(message string) error {
			return d.write(v, http.StatusUnauthorized, "Sign in", signInForm(to, message))
		})
	}
	return d.admit(v, token, to)
}

// refuse shows the form again when the key was wrong.
func refuse(err error, form func(message string) error) error {
	if pay.InfoOf(pay.CodeOf(err)).Kind != pay.KindUnsigned {
		return err
	}
	return form(err.Error())
}

// linkPage asks for one click before a link is used up: what looks at links
// ahead, such as a mail scanner or a browser's preview, must not use it.
func (d *dashboard) linkPage(v *visit) error {
	return d.show(v, "Sign in", linkForm(v.query().Get("token")))
}

func (d *dashboard) followLink(v *visit) error {
	token, err := d.engine.FollowSignInLink(v.ctx(), v.field("token"))
	if err != nil {
		return refuse(err, func(message string) error {
			return d.write(v, http.StatusUnauthorized, "Sign in", signInForm("/", message))
		})
	}
	return d.admit(v, token, "/")
}

func (d *dashboard) signOut(v *visit) error {
	if err := d.engine.SignOut(v.ctx(), v.visitor); err != nil {
		return err
	}
	http.SetCookie(v.w, d.cookie("", -1))
	http.Redirect(v.w, v.r, "/sign-in", http.StatusSeeOther)
	return nil
}

func (d *dashboard) provePage(v *visit) error {
	return d.show(v, "Show your key again", proveForm(within(v.query().Get("to")), v.visitor.Key.Hint, ""))
}

func (d *dashboard) prove(v *visit) error {
	to := within(v.field("to"))
	if err := d.engine.Prove(v.ctx(), v.visitor, v.field("key")); err != nil {
		return refuse(err, func(message string) error {
			return d.write(v, http.StatusUnauthorized, "Show your key again", proveForm(to, v.visitor.Key.Hint, message))
		})
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}
