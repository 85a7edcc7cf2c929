package operation_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExpandedIDsStayIDs asks for the customer within a charge: the field has
// the id nevertheless, and the object has all of it.
func TestExpandedIDsStayIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.real(t, "", "cus_Example")
	charge := w.make(t, "create-charge", `{"amount": 1000, "currency": "usd", "customer": "`+customer+`"}`)
	var got struct {
		CustomerID string `json:"customer_id"`
		Object     struct {
			Customer struct {
				Email string `json:"email"`
			} `json:"customer"`
		} `json:"object"`
	}
	require.NoError(t, json.Unmarshal(w.do(t, "get-charge", `{"charge_id": "`+charge+`", "expand": ["customer"]}`), &got))
	assert.Equal(t, customer, got.CustomerID)
	assert.Equal(t, "ann@example.com", got.Object.Customer.Email)
}

// TestWhatIsGoneIsReadToo reads a customer who was deleted: of the metadata
// nothing is left, and it is an empty object and not null.
func TestWhatIsGoneIsReadToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.real(t, "", "cus_Example")
	w.do(t, "delete-customer", `{"customer_id": "`+customer+`"}`)
	output := w.do(t, "get-customer", `{"customer_id": "`+customer+`"}`)
	op, err := w.Operation("get-customer")
	require.NoError(t, err)
	assertFits(t, op.Output, output)
	assert.Contains(t, string(output), `"metadata":{}`)
	assert.Contains(t, string(output), `"deleted":true`)
}
