package sandbox

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is packed is found again, and is shown as encoding/json shows it: for
// every kind of object, with whatever its fields hold.
func TestPackedObjectsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	for name, k := range declared {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				o := k.blank()
				scatter(reflect.ValueOf(o).Elem(), dice)
				if c, ok := o.(concealed); ok {
					scatter(reflect.ValueOf(c.private()).Elem(), dice)
				}
				rec := &record{kind: k, value: o, state: live}
				public, private := string(rec.public(nil)), string(rec.private(nil))
				rec.pack()
				require.Equal(t, public, string(rec.public(nil)))
				again := rec.object()
				if shapeOf(reflect.TypeOf(o).Elem()).Sort == sortHash { // others hide something from JSON
					require.Equal(t, o, again)
				}
				require.Equal(t, private, string(rec.private(nil)))
			})
		})
	}
}

// scatter fills some fields of a value, and leaves others empty.
func scatter(v reflect.Value, dice *rand.Rand) {
	texts := []string{"usd", "succeeded", "Ann <a@b.example> & \"Söhne\"", "\u2028\x01\\", "x", "a text that is no phrase"}
	text := texts[dice.IntN(len(texts))]
	if number, is := v.Addr().Interface().(*json.Number); is {
		*number = "12.5" // an empty one is no JSON
		return
	}
	if dice.IntN(3) == 0 && v.Kind() != reflect.Struct {
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *snapshot:
		*p = snapshot{packed: `{"a":1}`}
		return
	case *json.RawMessage:
		*p = json.RawMessage(`{"a":["b",null]}`)
		return
	case *decimal:
		*p = whole(dice.Int64N(1000))
		return
	case *disputeEvidence:
		*p = disputeEvidence{"k": text}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		v.SetInt(dice.Int64N(1<<40) - 1<<20)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		scatter(v.Elem(), dice)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), dice.IntN(3), 3))
		for at := range v.Len() {
			scatter(v.Index(at), dice)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range dice.IntN(3) {
			element := reflect.New(v.Type().Elem()).Elem()
			if element.Kind() != reflect.Interface {
				scatter(element, dice)
				v.SetMapIndex(reflect.ValueOf(texts[dice.IntN(len(texts))]).Convert(v.Type().Key()), element)
			}
		}
	case reflect.Struct:
		for at := range v.NumField() {
			inside := v.Field(at)
			if inside.Type() == headType {
				inside.Field(0).SetString(text)
				inside.Field(1).SetString("object")
			} else if inside.CanSet() {
				scatter(inside, dice)
			}
		}
	}
}
