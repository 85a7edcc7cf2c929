package automation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// shopKey is who owns the connection shop.
func (c *carrier) shopKey() pay.APIKey { return pay.APIKey{ID: "k", Lineage: "k", Owner: c.owner} }

func (c *carrier) connects(stripeKey string) {
	c.t.Helper()
	_, err := c.engine.CreateConnection(context.Background(), engine.Ask{Owner: c.owner}, c.shopKey(), engine.NewConnection{
		Name: "shop", Kind: pay.ConnectionStripe, Shared: true, Secret: pay.ConnectionSecret{StripeKey: pay.NewSecret(stripeKey)},
	})
	require.NoError(c.t, err)
}

func (c *carrier) rotates(stripeKey string, otherAccount bool) {
	c.t.Helper()
	_, err := c.engine.RotateConnection(context.Background(), engine.Ask{Owner: c.owner}, c.shopKey(), engine.Rotation{
		Connection: "shop", Secret: pay.ConnectionSecret{StripeKey: pay.NewSecret(stripeKey)}, OtherAccount: otherAccount,
	})
	require.NoError(c.t, err)
}

// atShop is how many charges the account has that shop leads to.
func (c *carrier) atShop() int { c.t.Helper(); return len(c.listedAt("shop")) }

const shopFlow = "flow: shop\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    connection: shop\n    retry: {attempts: 1}\n" +
	"    with: {amount: 1000, currency: usd, source: tok_visa}\n"

// TestAWriteInDoubtStaysInItsAccount changes the credentials of a connection
// while a charge through it is in doubt: another key of the account finds the
// charge, one of another account does not make it there as well.
func TestAWriteInDoubtStaysInItsAccount(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.connects("sk_test_ShopShopShop")
		c.keeps(shopFlow)
		c.fault(`{"match":{"method":"POST","path":"/v1/charges"},"count":1000,"effect":{"type":"reset_after"}}`)
		first := c.ends(c.asks("shop", `{}`))
		assert.Equal(t, string(pay.CodeInDoubt), first.Run.Failure.Code, "%+v", first.Run.Failure)
		c.fault("")

		c.rotates("sk_test_AnotherAnother", true)
		elsewhere := c.ends(c.reruns(first.Run.ID, ""))
		assert.Equal(t, string(pay.CodeConnectionAccount), elsewhere.Run.Failure.Code, "%+v", elsewhere.Run.Failure)
		assert.Zero(t, c.atShop())

		c.rotates("rk_test_ShopShopShop", true)
		back := c.ends(c.reruns(elsewhere.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, back.Run.State, "%+v", back.Run.Failure)
		assert.Equal(t, first.Steps[0].Call, back.Steps[0].Call)
		assert.Equal(t, 1, c.atShop())
	})
}

// TestAWriteThatWasNeverSentIsAskedAnewInTheNewAccount has the first account
// turn a charge away: a rerun is another charge, for the account there is now.
func TestAWriteThatWasNeverSentIsAskedAnewInTheNewAccount(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.connects("sk_test_ShopShopShop")
		c.keeps(shopFlow)
		c.fault(`{"match":{"method":"POST","path":"/v1/charges"},"count":1000,"effect":{"type":"rate_limit"}}`)
		first := c.ends(c.asks("shop", `{}`))
		assert.Equal(t, pay.RunFailed, first.Run.State)
		c.fault("")
		c.rotates("sk_test_AnotherAnother", true)
		call := engine.OperationRequest{
			Owner: c.owner, Connection: "shop", Operation: "create-charge", Call: first.Steps[0].Call, Input: first.Steps[0].Given,
		}
		for range 2 {
			_, err := c.engine.RunOperation(context.Background(), call)
			assert.Equal(t, pay.CodeConnectionAccount, pay.CodeOf(err), "%v", err)
		}
		assert.Zero(t, c.atShop())
		again := c.ends(c.reruns(first.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, again.Run.State, "%+v", again.Run.Failure)
		assert.Equal(t, 1, c.atShop())
	})
}
