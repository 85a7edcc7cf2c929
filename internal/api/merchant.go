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
	CreatedAt string   `json:"created_at" format:"date-time"`
}

func merchantView(m pay.Merchant, k pay.APIKey) Merchant {
	scopes := make([]string, len(k.Scopes))
	for i, scope := range k.Scopes {
		scopes[i] = string(scope)
	}
	return Merchant{
		ID: string(m.ID), Name: m.Name, Mode: string(k.Owner.Mode), Key: k.Hint, Scopes: scopes, CreatedAt: stamp(m.CreatedAt),
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
