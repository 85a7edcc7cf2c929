package e2e

import "florin/internal/pay"

func init() {
	scenes["operation"] = operationScene
	scenes["connection"] = connectionScene
	scenes["approval"] = approvalScene
}

// operationScene asks for operations in every way, and meets their errors.
func operationScene(s *transcript) {
	const customer = `{"input":{"email":"ann@example.com","name":"Ann Example","metadata":{"order":"17"}}}`
	s.say("POST", "/v1/operations/create-customer", customer, "Idempotency-Key", "ann").want(200)
	s.say("POST", "/v1/operations/create-customer", customer, "Idempotency-Key", "ann").want(200)
	s.say("POST", "/v1/operations/create-customer", `{"input":{"email":"bob@example.com","name":"Bob"}}`, "Idempotency-Key", "ann").want(422)
	s.say("POST", "/v1/operations/create-charge", `{"dry_run":true,"input":`+tenDollarCharge+`}`, "Idempotency-Key", "dry").want(200)
	s.say("POST", "/v1/operations/create-charge", `{"input":{"amount":1000,"currency":"usd","source":"tok_chargeDeclined"}}`, "Idempotency-Key", "no").want(402)
	s.say("POST", "/v1/operations/create-charge", `{"input":{"amount":1000,"currency":"usd"}}`).want(400)
	s.say("POST", "/v1/operations/create-charge", `{"input":{"amount":"ten","currency":"usd","source":"tok_visa"}}`).want(400)
	s.say("POST", "/v1/operations/create-charge", `{"connection":"nowhere","input":`+tenDollarCharge+`}`).want(404)
	s.say("GET", "/v1/operations/list-customers?limit=1&email=ann@example.com", "").want(200)
	s.say("GET", "/v1/operations/create-charge", "").want(405)
	s.say("GET", "/v1/operations/create-charg", "").want(404)
	clear := s.fault(`{"match":{"method":"POST","path":"/v1/charges"},"effect":{"type":"reset_before"}}`)
	defer clear()
	s.say("POST", "/v1/operations/create-charge", `{"input":`+tenDollarCharge+`}`, "Idempotency-Key", "doubt").want(503)
}

// connectionScene is the life of a connection.
func connectionScene(s *transcript) {
	s.say("POST", "/v1/connections", `{"name":"europe","kind":"stripe","stripe":{"secret_key":"sk_test_51GoldenEuropeGoldenEurope"}}`).want(201)
	s.say("POST", "/v1/connections", `{"name":"books","kind":"http","shared":true,"http":{"base_url":"https://books.example.com","headers":{"Authorization":"Bearer hidden"}}}`).want(201)
	s.say("GET", "/v1/connections", "").want(200)
	s.say("PATCH", "/v1/connections/europe", `{"name":"eu","shared":true}`).want(200)
	s.say("PUT", "/v1/connections/eu/credentials", `{"stripe":{"secret_key":"sk_test_51GoldenOtherGoldenOther"}}`).want(409)
	s.say("POST", "/v1/connections/eu/test", "").want(200)
	s.say("GET", "/v1/connections/default", "").want(200)
	s.say("DELETE", "/v1/connections/eu", "").want(200)
	s.say("GET", "/v1/connections/eu", "").want(404)
}

// approvalScene is a key with limits, and the person who watches it.
func approvalScene(s *transcript) {
	person := s.key
	agent := s.limited(pay.KeyLimits{
		Operations: []string{"create-*"}, MaxAmount: map[pay.Currency]int64{"USD": 5000}, Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 500},
	}).key
	s.key = agent
	s.say("GET", "/v1/merchant", "").want(200)
	s.say("GET", "/v1/operations/get-balance", "").want(403)
	s.say("POST", "/v1/operations/create-charge", `{"input":{"amount":6000,"currency":"usd","source":"tok_visa"}}`).want(403)
	asked := s.say("POST", "/v1/operations/create-charge", `{"input":`+tenDollarCharge+`}`, "Idempotency-Key", "big").want(202)
	path := "/v1/approvals/" + asked.text("data.id")
	s.say("POST", path, `{"decision":"approve"}`).want(403)
	s.key = person
	s.say("GET", "/v1/approvals?status=pending", "").want(200)
	s.say("POST", path, `{"decision":"deny","note":"Too much for a Tuesday"}`).want(200)
	s.say("POST", path, `{"decision":"approve"}`).want(409)
	s.key = agent
	s.say("POST", "/v1/operations/create-charge", `{"input":`+tenDollarCharge+`}`, "Idempotency-Key", "big").want(403)
}
