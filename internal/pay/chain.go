package pay

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// LedgerBlock seals a run of an owner's transactions, in the order of their
// ids: its hash covers them, their entries, and the hash of the block before.
// Whoever changes, adds or takes away a booking later must make every block
// after it anew, and whoever noted a hash sees it.
type LedgerBlock struct {
	Owner        Owner
	Number       int64 // from 1
	Last         ID    // of its last transaction
	Transactions int
	Hash         []byte // SHA-256
	At           time.Time
}

// ChainHash is the hash of a block: of the one before, nil for the first, and
// of transactions with their entries, in order. Every text is written with its
// length before it, so that no two books give the same bytes.
func ChainHash(previous []byte, booked []LedgerTransaction) []byte {
	h := chainHash{sha256.New()}
	h.text(string(previous))
	for _, t := range booked {
		for _, text := range []string{
			string(t.Owner.Merchant), string(t.Owner.Mode), string(t.ID), string(t.Kind), string(t.Source), string(t.Payment), t.Note,
		} {
			h.text(text)
		}
		h.number(t.At.UnixMicro())
		h.number(int64(len(t.Entries)))
		for _, e := range t.Entries {
			h.text(string(e.Account))
			h.number(e.Amount.Minor)
			h.text(string(e.Amount.Currency))
		}
	}
	return h.Sum(nil)
}

type chainHash struct{ hash.Hash }

func (h chainHash) number(n int64) {
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) // a hash takes everything
}

func (h chainHash) text(s string) {
	h.number(int64(len(s)))
	_, _ = h.Write([]byte(s))
}
