package automation_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
	"florin/internal/store"
)

// hooked is a flow with a webhook, and what it was told of it.
func (w *world) hooked(options string) (watch pay.Watch, secret string) {
	w.t.Helper()
	a, err := w.watcher.Aim(context.Background(), w.request("webhook", options))
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Write(context.Background(), func(tx *store.Tx) error {
		watch, err = w.watcher.Join(tx, a)
		return err
	}))
	return watch, a.Secret(watch).Reveal()
}

func signedPost(w *world, watch pay.Watch, secret, id, body string) automation.Posted {
	at := fmt.Sprint(w.ours.Now().Unix())
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(w.t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + body))
	return automation.Posted{Token: watch.Token, Body: []byte(body), Header: http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {"v1,other v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}}
}

// secretIn is the secret that a reply shows.
func secretIn(t *testing.T, reply engine.Reply) string {
	t.Helper()
	var told struct{ Data struct{ Secret string } }
	require.NoError(t, json.Unmarshal(reply.Body, &told))
	require.NotEmpty(t, told.Data.Secret)
	return told.Data.Secret
}

func TestWebhooksStartRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		watch, secret := w.hooked(`{"input":{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer"}}}}`)
		receive := func(p automation.Posted) (pay.ID, bool, pay.Code) {
			run, fresh, err := w.watcher.Receive(context.Background(), p)
			if err != nil {
				return run, fresh, pay.CodeOf(err)
			}
			return run, fresh, ""
		}
		post := signedPost(w, watch, secret, "msg_1", `{"amount":5}`)
		run, fresh, code := receive(post)
		assert.Equal(t, []any{pay.ID("run-hook/msg_1"), true, pay.Code("")}, []any{run, fresh, code})
		_, fresh, code = receive(post)
		assert.Equal(t, []any{false, pay.Code("")}, []any{fresh, code}, "the same message again")

		bearer := automation.Posted{Token: watch.Token, Body: []byte(`{"amount":6}`), Header: http.Header{"Authorization": {"Bearer " + secret}}}
		_, fresh, code = receive(bearer)
		assert.Equal(t, []any{true, pay.Code("")}, []any{fresh, code})
		_, fresh, _ = receive(bearer)
		assert.True(t, fresh, "without a name each post counts")

		refused := func(want pay.Code, change func(p *automation.Posted)) {
			t.Helper()
			p := signedPost(w, watch, secret, "msg_2", `{"amount":5}`)
			change(&p)
			_, _, code := receive(p)
			assert.Equal(t, want, code)
		}
		refused(pay.CodeNotFound, func(p *automation.Posted) { p.Token = "elsewhere" })
		refused(pay.CodeSignatureInvalid, func(p *automation.Posted) { p.Body = []byte(`{"amount":7}`) })
		refused(pay.CodeSignatureInvalid, func(p *automation.Posted) { p.Header = http.Header{} })
		refused(pay.CodeSignatureInvalid, func(p *automation.Posted) { p.Header = http.Header{"Authorization": {"Bearer no"}} })
		refused(pay.CodeInvalidField, func(p *automation.Posted) { *p = signedPost(w, watch, secret, "msg_3", `{"amount":"5"}`) })
		refused(pay.CodeInvalidBody, func(p *automation.Posted) { *p = signedPost(w, watch, secret, "msg_3", `amount=5`) })
		refused(pay.CodeSignatureExpired, func(*automation.Posted) { w.pass(10 * time.Minute) })

		rotates := func(key string, overlap time.Duration) engine.Reply {
			ask := engine.Ask{Owner: w.owner, IdempotencyKey: key, Method: "POST", Path: "/rotate"}
			reply, err := w.watcher.RotateSecret(context.Background(), ask, watch.ID, overlap)
			require.NoError(t, err)
			return reply
		}
		rotated := rotates("rotate", time.Hour)
		again := rotates("rotate", time.Hour)
		assert.Equal(t, []any{string(rotated.Body), true}, []any{string(again.Body), again.Replayed}, "the same secret, however often it is asked for")
		old := secret
		secret = secretIn(t, rotated)
		unfit := func(secret string) func(p *automation.Posted) { // let in, and then refused for its body
			return func(p *automation.Posted) { *p = signedPost(w, watch, secret, "msg_5", `{"amount":"5"}`) }
		}
		refused(pay.CodeInvalidField, unfit(old))
		refused(pay.CodeInvalidField, unfit(secret))
		w.pass(time.Hour)
		refused(pay.CodeSignatureInvalid, unfit(old))
		refused(pay.CodeInvalidField, unfit(secret))
		rotated = rotates("at once", 0)
		refused(pay.CodeSignatureInvalid, unfit(secret))
		secret = secretIn(t, rotated)
		w.pause(watch.ID)
		refused(pay.CodeFlowPaused, func(*automation.Posted) {})
		_, err := w.resume(watch.ID, pay.ResumeUnsaid)
		require.NoError(t, err)
		_, fresh, _ = receive(signedPost(w, watch, secret, "msg_4", `{"amount":5}`))
		assert.True(t, fresh)
		assert.Equal(t, int64(4), w.watch(watch.ID).Found)
	})
}
