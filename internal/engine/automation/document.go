package automation

import (
	"fmt"
	"sync"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// mostDocuments is how many documents are kept read: reading one takes
// milliseconds, and one that is in use is read for every run.
const mostDocuments = 500

// documents are flows that were read, by version: a version never changes.
type documents struct {
	mu   sync.Mutex
	read map[string]*flow.Flow
}

func (d *documents) get(key string) *flow.Flow {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read[key]
}

// put keeps a document; when there are too many, all are read anew.
func (d *documents) put(key string, f *flow.Flow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.read == nil || len(d.read) >= mostDocuments {
		d.read = map[string]*flow.Flow{}
	}
	d.read[key] = f
}

// document is a version of a flow, read.
//
// Errors: not_found; flow_invalid when a document that was right once is not
// any more, because an operation has changed.
func (r *Runner) document(tx *store.Tx, o pay.Owner, id pay.ID, version int) (*flow.Flow, error) {
	key := fmt.Sprintf("%s/%d", id, version)
	if known := r.documents.get(key); known != nil {
		return known, nil
	}
	kept, err := tx.FlowVersion(o, id, version)
	if err != nil {
		return nil, err
	}
	f, err := flow.Parse(kept.Source, r.catalogue)
	if err != nil {
		return nil, pay.Errorf(pay.CodeFlowInvalid, "version %d of the flow cannot be read any more: %s", version, err).Because(err)
	}
	r.documents.put(key, f)
	return f, nil
}
