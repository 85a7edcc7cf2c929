package sandbox

import "net/url"

// What payment intents and setup intents have in common: who may act on one,
// which card it is given, and where its customer goes after authenticating.

// mayActOn lets a browser's key act on an intent only with its client secret;
// code is what the kind of intent calls a wrong one.
func (c *call) mayActOn(noun, secret, code string) error {
	if sent := c.text("client_secret"); sent != "" && !sameSecret(sent, secret) {
		return badParam("client_secret", code, "The client_secret provided does not match the client_secret associated with the "+noun+".")
	} else if sent == "" && c.who.publishable {
		return missingParam("client_secret")
	}
	return nil
}

// chosenMethod is the card that the request names, by id or by its details;
// nil when it names none.
func (c *call) chosenMethod() (*paymentMethod, error) {
	switch {
	case c.has("payment_method_data"):
		return newMethod(c, c.hash("payment_method_data"), "payment_method_data")
	case c.text("payment_method") != "":
		return methodToUse(c, c.text("payment_method"))
	}
	return nil, nil
}

// useMethod puts the chosen card into an intent that may have it.
func (c *call) useMethod(may func(*paymentMethod) error, chosen **string, status *string) error {
	method, err := c.chosenMethod()
	if err != nil || method == nil {
		return err
	}
	if err := may(method); err != nil {
		return err
	}
	*chosen = &method.ID
	if *status == intentNeedsMethod {
		*status = intentNeedsConfirmation
	}
	return nil
}

// setReturn keeps where the customer goes after authenticating; an app's own
// scheme is fine. An intent that takes methods which redirect needs an address.
func (c *call) setReturn(noun string, automatic *automaticMethods, field *string) error {
	to := c.text("return_url")
	if to == "" && automatic != nil && automatic.AllowRedirects == "always" {
		return badParam("return_url", "", "This "+noun+" is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	}
	if to == "" {
		return nil
	}
	if address, err := url.Parse(to); err != nil || address.Scheme == "" {
		return badParam("return_url", "url_invalid", "Not a valid URL")
	}
	*field = to
	return nil
}
