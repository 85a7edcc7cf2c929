package api

import (
	"net/http"

	"florin/internal/pay"
)

// Merchant is who the API key belongs to, and what the key may do.
type Merchant struct {
	ID        string   `json:"id" format:"uuid"`
	Name      string   `json:"name"`
	Mode      string   `json:"mode" enum:"test,live" doc:"Of the key: it never sees the other mode's rows."`
	Key       string   `json:"key" doc:"The key, shortened." example:"sk_test_flr_…9xyz"`
	Scopes    []string `json:"scopes" doc:"What the key may do."`
	Limits    *Limits  `json:"limits" doc:"What the key may do with operations; null without limits."`
	CreatedAt string   `json:"created_at" format:"date-time"`
}

// Limits bound what an API key may do with operations.
type Limits struct {
	Operations []string         `json:"operations" doc:"Names, or patterns such as get-*; empty for all."`
	MaxAmount  map[string]int64 `json:"max_amount" doc:"What one call may move: minor units by currency."`
	MaxPerDay  map[string]int64 `json:"max_per_day" doc:"What all calls of a day in UTC may move."`
	Approval   *string          `json:"approval" doc:"Which writes a person must approve: required, or above:5000; null for none." example:"above:5000"`
}

func limitsView(l pay.KeyLimits) *Limits {
	if l.IsZero() {
		return nil
	}
	return &Limits{texts(l.Operations), byCurrency(l.MaxAmount), byCurrency(l.MaxPerDay), orNull(l.Approval.String())}
}

func byCurrency(limits map[pay.Currency]int64) map[string]int64 {
	plain := map[string]int64{}
	for currency, amount := range limits {
		plain[string(currency)] = amount
	}
	return plain
}

func merchantView(m pay.Merchant, k pay.APIKey) Merchant {
	scopes := make([]string, len(k.Scopes))
	for i, scope := range k.Scopes {
		scopes[i] = string(scope)
	}
	return Merchant{
		ID: string(m.ID), Name: m.Name, Mode: string(k.Owner.Mode), Key: k.Hint, Scopes: scopes, Limits: limitsView(k.Limits), CreatedAt: stamp(m.CreatedAt),
	}
}

func whoAmI(s *server, in *intake) error {
	merchant, err := s.engine.Merchant(in.ctx(), in.key.Owner.Merchant)
	if err != nil {
		return err
	}
	in.sendData(merchantView(merchant, in.key))
	return nil
}

const merchantTag = "Merchant"

var merchantRoutes = []Route{{
	Method: http.MethodGet, Path: "/v1/merchant", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
	Tag: merchantTag, Name: "getMerchant", Status: http.StatusOK, Gives: Merchant{},
	Summary: "Read who the API key belongs to", handle: whoAmI,
}}
