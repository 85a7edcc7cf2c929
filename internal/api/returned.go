package api

import "net/http"

// returned is the page where a customer ends who authenticated for a payment
// without a return_url, and a partner who told Stripe who they are. It says only that they are done: how the payment ended
// is for the merchant to tell, and what stands in the address is not to be
// trusted.
func returned(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", docsPolicy)
	text := returnedTexts[r.URL.Query().Get("after")]
	if text == "" {
		text = returnedTexts[""]
	}
	_, _ = w.Write([]byte(returnedPage + "<p>" + text + "</p>\n</html>\n")) // the reader may be gone, which is no news here
}

const returnedPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>You can close this page</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>You are done here</h1>
`

// returnedTexts say why somebody is here, by what the address says.
var returnedTexts = map[string]string{
	"":           "Your bank has answered. You can close this page and go back to the shop, which will tell you whether the payment went through.",
	"onboarding": "Stripe has what you told it. You can close this page and go back to the platform, which will tell you whether anything is missing.",
	"expiry":     "The link was used already or is too old. Ask the platform for a new one; nothing that you told is lost.",
}
