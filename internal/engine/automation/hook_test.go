package automation_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

		fresher, err := w.watcher.RotateSecret(context.Background(), w.owner, watch.ID)
		require.NoError(t, err)
		refused(pay.CodeSignatureInvalid, func(*automation.Posted) {})
		secret = fresher.Reveal()
		w.pause(watch.ID)
		refused(pay.CodeFlowPaused, func(*automation.Posted) {})
		_, err = w.resume(watch.ID, pay.ResumeUnsaid)
		require.NoError(t, err)
		_, fresh, _ = receive(signedPost(w, watch, secret, "msg_4", `{"amount":5}`))
		assert.True(t, fresh)
		assert.Equal(t, int64(4), w.watch(watch.ID).Found)
	})
}
