package pay_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

// cardNumbers are test numbers of every network that Stripe and the networks
// publish (docs.stripe.com/testing).
var cardNumbers = []string{
	"4242424242424242", "4000056655665556", "4222222222222", "5555555555554444", "2223003122003222", "5200828282828210",
	"5105105105105100", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424", "3056930009020004",
	"36227206271667", "30569309025904", "3566002020360505", "6200000000000005", "6205500000000000004", "6304000000000000",
	"5019717010103742", "2200000000000004",
}

func TestCardNumbersAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, number := range cardNumbers {
		spaced := ""
		for i, digit := range number {
			if i > 0 && i%4 == 0 {
				spaced += " "
			}
			spaced += string(digit)
		}
		for _, text := range []string{
			number, "Visa" + number, number + "cvc", "card: " + number + ".", "order 17 " + number + " 12/27", spaced,
			fmt.Sprintf("%s-%s-%s-%s", number[:4], number[4:8], number[8:12], number[12:]), "x_" + number, "(" + number + ")", "nr." + number,
			"2026-11-22 " + spaced,
		} {
			assert.True(t, pay.HoldsCardNumber(text), text)
		}
	}
}

func TestWhatIsNoCardNumberIsLetThrough(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "10.00", "999999.99", "4242", "42424242424242421", "4242424242424241", "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", "42424242-4242-4242-8000-000000000000",
		"2026-11-22T04:14:53.123456Z", "2026-11-22 04:14:53", "20261122041453", "2026112204145312", "1732248053", "1732248053123",
		"1732248053123456", "1732248053123456789", "order-123", "INV-2026-000123", "+4915112345678", "+49 151 1234 5678 90",
		"pm_1N4242424242424242AbC", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "0.4242424242424242", "https://merchant.com/return?order=17",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "0000000000000000", "1111111111111117",
		"sk_test_flr_ab12_4e8c1d", "DE89370400440532013000",
	} {
		assert.False(t, pay.HoldsCardNumber(text), text)
	}
}

func TestOurOwnIDsAndTimesAreNeverTakenForCards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if pay.HoldsCardNumber("payment " + id.String()) {
			t.Fatalf("%s", id)
		}
		seconds := rapid.Int64Range(0, 1_999_999_999).Draw(t, "seconds") // until 2033, when times begin with 2
		for _, unit := range []int64{1, 1e3, 1e6, 1e9} {
			if text := fmt.Sprint(seconds * unit); seconds > 1_000_000_000 && pay.HoldsCardNumber(text) {
				t.Fatalf("%s", text)
			}
		}
	})
}

func TestACardNumberWithAWrongDigitIsNone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(rapid.SampledFrom(cardNumbers).Draw(t, "number"))
		last := len(number) - 1
		number[last] = '0' + (number[last]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if pay.HoldsCardNumber(string(number)) {
			t.Fatalf("%s", number)
		}
	})
}
