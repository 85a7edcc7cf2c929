package api

import "net/http"

// returned is the page where a customer ends who authenticated for a payment
// without a return_url. It says only that they are done: how the payment ended
// is for the merchant to tell, and what stands in the address is not to be
// trusted.
func returned(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", docsPolicy)
	_, _ = w.Write(returnedPage) // the reader may be gone, which is no news here
}

var returnedPage = []byte(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>You can close this page</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>You are done here</h1>
<p>Your bank has answered. You can close this page and go back to the shop, which will tell you whether the payment went through.</p>
</html>
`)
