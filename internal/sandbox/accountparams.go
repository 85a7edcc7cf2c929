package sandbox

// usualDelay is how many days a connected account's funds wait where its
// country allows the least: two in the US (§4.3).
const usualDelay = 2

// accountCurrencies is the currency of an account by its country; others keep
// their books in US dollars here.
var accountCurrencies = map[string]string{
	"AT": "eur", "AU": "aud", "BE": "eur", "BR": "brl", "CA": "cad", "CH": "chf", "CZ": "czk", "DE": "eur", "DK": "dkk", "ES": "eur",
	"FI": "eur", "FR": "eur", "GB": "gbp", "GR": "eur", "HK": "hkd", "HU": "huf", "IE": "eur", "IN": "inr", "IT": "eur", "JP": "jpy",
	"LU": "eur", "MX": "mxn", "MY": "myr", "NL": "eur", "NO": "nok", "NZ": "nzd", "PL": "pln", "PT": "eur", "RO": "ron", "SE": "sek",
	"SG": "sgd", "TH": "thb", "US": "usd",
}

func currencyIn(country string) string {
	if code := accountCurrencies[country]; code != "" {
		return code
	}
	return "usd"
}

var (
	personFields = []param{
		address, hash("dob", integer("day").must(), integer("month").must(), integer("year").must()), text("email"), text("first_name"),
		text("last_name"), text("maiden_name"), text("phone"), text("gender"), text("id_number"), shortText("ssn_last_4", 4), text("nationality"),
		enum("political_exposure", "existing", "none"), metadata(), list("full_name_aliases", text("")), anything("verification"),
		hash("relationship", boolean("authorizer"), boolean("director"), boolean("executive"), boolean("legal_guardian"), boolean("owner"),
			text("percent_ownership"), boolean("representative"), text("title")),
		anything("address_kana"), anything("address_kanji"), anything("first_name_kana"), anything("first_name_kanji"), anything("last_name_kana"),
		anything("last_name_kanji"), anything("registered_address"), anything("id_number_secondary"),
	}
	companyParams = hash("company", address, boolean("directors_provided"), boolean("executives_provided"), text("name"), boolean("owners_provided"),
		text("phone"), text("structure"), text("tax_id"), text("vat_id"), text("registration_number"), anything("verification"),
		anything("address_kana"), anything("address_kanji"), anything("name_kana"), anything("name_kanji"), anything("ownership_declaration"),
		anything("tax_id_registrar"), anything("export_license_id"), anything("export_purpose_code"), anything("registration_date"),
		anything("representative_declaration"), anything("ownership_exemption_reason"), anything("directorship_declaration"))
	profileParams = hash("business_profile", shortText("mcc", 4), text("name"), shortText("product_description", 40000), text("support_email"),
		text("support_phone"), text("support_url"), text("url"), hash("support_address", address.fields...), anything("annual_revenue"),
		integer("estimated_worker_count"), anything("monthly_estimated_revenue"), anything("minority_owned_business_designation"))
	settingsParams = hash("settings",
		hash("branding", text("icon"), text("logo"), text("primary_color"), text("secondary_color")),
		hash("card_payments", hash("decline_on", boolean("avs_failure"), boolean("cvc_failure")), shortText("statement_descriptor_prefix", 10),
			anything("statement_descriptor_prefix_kana"), anything("statement_descriptor_prefix_kanji")),
		hash("dashboard", text("display_name"), text("timezone")),
		hash("payments", shortText("statement_descriptor", 22), anything("statement_descriptor_kana"), anything("statement_descriptor_kanji")),
		hash("payouts", boolean("debit_negative_balances"), scheduleParams, shortText("statement_descriptor", 22)),
		anything("bacs_debit_payments"), anything("card_issuing"), anything("invoices"), anything("treasury"))

	creationParams = []param{
		shortText("country", maxText), enum("type", customAccount, expressAccount, standardAccount),
		hash("controller", hash("fees", enum("payer", "account", "application")), hash("losses", enum("payments", "application", "stripe")),
			enum("requirement_collection", "application", "stripe"), hash("stripe_dashboard", enum("type", "express", "full", "none"))),
	}
	accountParams = []param{
		profileParams, enum("business_type", "company", "government_entity", "individual", "non_profit"), anything("capabilities"), companyParams,
		text("default_currency"), anything("documents"), text("email"), externalAccountParam, hash("individual", personFields...), metadata(),
		settingsParams, hash("tos_acceptance", integer("date"), text("ip"), text("service_agreement"), text("user_agent")),
		anything("account_token"), anything("groups"),
	}
)

// set changes what the parameters name, for create and update alike.
func (h *holder) set(c *call) error {
	a := h.edit()
	c.setText("business_type", &a.BusinessType)
	c.setText("email", &a.Email)
	a.setProfile(c.hash("business_profile"))
	a.setCompany(c.hash("company"))
	a.setTerms(c.hash("tos_acceptance"))
	if err := a.setSettings(c.hash("settings")); err != nil {
		return err
	}
	if c.text("default_currency") != "" {
		currency, err := c.currencyOf("default_currency")
		if err != nil {
			return err
		}
		a.DefaultCurrency = currency
	}
	if err := a.request(c.hash("capabilities"), c.now); err != nil {
		return err
	}
	if c.has("individual") {
		if err := h.setIndividual(c.within(h.own), c.hash("individual")); err != nil {
			return err
		}
	}
	if c.text("external_account") != "" || c.hash("external_account").values != nil {
		if _, err := h.addBank(c, c.params); err != nil {
			return err
		}
	}
	return c.setMetadata(&a.Metadata)
}

func (a *stripeAccount) setProfile(sent params) {
	for name, field := range map[string]**string{
		"mcc": &a.BusinessProfile.MCC, "name": &a.BusinessProfile.Name, "product_description": &a.BusinessProfile.ProductDescription,
		"support_email": &a.BusinessProfile.SupportEmail, "support_phone": &a.BusinessProfile.SupportPhone,
		"support_url": &a.BusinessProfile.SupportURL, "url": &a.BusinessProfile.URL,
	} {
		sent.setText(name, field)
	}
	sent.setAddress("support_address", &a.BusinessProfile.SupportAddress)
	if a.Settings.Dashboard.DisplayName == "" {
		a.Settings.Dashboard.DisplayName = value(a.BusinessProfile.Name)
	}
}

func (a *stripeAccount) setCompany(sent params) {
	if sent.values == nil {
		return
	}
	next := company{}
	if a.Company != nil {
		next = *a.Company
	}
	sent.setText("name", &next.Name)
	sent.setText("phone", &next.Phone)
	if sent.has("address") {
		next.Address = sent.hash("address").address()
	}
	if sent.has("structure") {
		next.Structure = sent.text("structure")
	}
	if number := sent.text("tax_id"); number != "" {
		a.secret.TaxID, next.TaxIDProvided = number, true
	}
	sent.setBoolean("directors_provided", &next.DirectorsProvided)
	sent.setBoolean("executives_provided", &next.ExecutivesProvided)
	sent.setBoolean("owners_provided", &next.OwnersProvided)
	a.Company = &next
}

// setBoolean changes a field when the parameter was sent.
func (p params) setBoolean(name string, field *bool) {
	if p.has(name) {
		*field = p.yes(name)
	}
}

func (a *stripeAccount) setTerms(sent params) {
	next := *a.TOSAcceptance
	sent.setInteger("date", &next.Date)
	sent.setText("ip", &next.IP)
	sent.setText("service_agreement", &next.ServiceAgreement)
	sent.setText("user_agent", &next.UserAgent)
	a.TOSAcceptance = &next
}

func (a *stripeAccount) setSettings(sent params) error {
	sent.hash("branding").setText("primary_color", &a.Settings.Branding.PrimaryColor)
	sent.hash("branding").setText("secondary_color", &a.Settings.Branding.SecondaryColor)
	cards := sent.hash("card_payments")
	cards.setText("statement_descriptor_prefix", &a.Settings.CardPayments.DescriptorPrefix)
	cards.hash("decline_on").setBoolean("avs_failure", &a.Settings.CardPayments.DeclineOn.AVSFailure)
	cards.hash("decline_on").setBoolean("cvc_failure", &a.Settings.CardPayments.DeclineOn.CVCFailure)
	sent.hash("payments").setText("statement_descriptor", &a.Settings.Payments.StatementDescriptor)
	if name := sent.hash("dashboard").text("display_name"); name != "" {
		a.Settings.Dashboard.DisplayName = name
	}
	if zone := sent.hash("dashboard").text("timezone"); zone != "" {
		a.Settings.Dashboard.Timezone = zone
	}
	payouts := *a.Settings.Payouts
	if err := payouts.set(sent.hash("payouts")); err != nil {
		return err
	}
	a.Settings.Payouts = &payouts
	return nil
}
