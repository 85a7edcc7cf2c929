package operation

// Deleted says that an object is gone.
type Deleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
	Object  raw    `json:"object"`
}
