package conductor

import (
	"strings"

	"florin/internal/pay"
)

// Prefix begins the name of every task type of ours.
const Prefix = "stripe_"

// TaskType is the name of an operation as Conductor's task types are written:
// create-refund is stripe_create_refund.
func TaskType(operation string) string {
	return Prefix + strings.NewReplacer("-", "_", ".", "_").Replace(operation)
}

// How the server treats a task of ours, in seconds. Retries keep the same
// idempotency key, so they may be many; together they end long before Stripe
// forgets the key after 24 hours.
const (
	retryCount       = 5
	retryDelay       = 2
	maxRetryDelay    = 300
	responseTimeout  = 60   // a call takes 30 at the most; its lease is extended meanwhile
	totalTaskTimeout = 3600 // all attempts together
)

// Definition is a task type as POST /metadata/taskdefs takes it.
type Definition struct {
	Name             string   `json:"name"`
	Description      string   `json:"description"`
	RetryCount       int      `json:"retryCount"`
	RetryLogic       string   `json:"retryLogic"`
	RetryDelay       int      `json:"retryDelaySeconds"`
	MaxRetryDelay    int      `json:"maxRetryDelaySeconds"`
	ResponseTimeout  int      `json:"responseTimeoutSeconds"`
	TotalTimeout     int      `json:"totalTimeoutSeconds"`
	TimeoutPolicy    string   `json:"timeoutPolicy"`
	InputKeys        []string `json:"inputKeys"`
	OutputKeys       []string `json:"outputKeys"`
	OwnerEmail       string   `json:"ownerEmail,omitempty"`
	OwnerApplication string   `json:"ownerApp"`
}

// Definitions is the task type of each operation, ready to be registered.
// ownerEmail is asked for by some servers and may be empty.
func Definitions(operations []pay.Operation, ownerEmail string) []Definition {
	all := make([]Definition, len(operations))
	for i, op := range operations {
		keys := []string{connectionKey}
		for _, p := range op.Parameters {
			keys = append(keys, p.Name)
		}
		all[i] = Definition{
			Name: TaskType(op.Name), Description: op.Summary,
			RetryCount: retryCount, RetryLogic: "EXPONENTIAL_BACKOFF", RetryDelay: retryDelay, MaxRetryDelay: maxRetryDelay,
			ResponseTimeout: responseTimeout, TotalTimeout: totalTaskTimeout, TimeoutPolicy: "RETRY",
			InputKeys: keys, OutputKeys: []string{"output", "replayed", "requestId", "idempotencyKey", "error", "stripe"},
			OwnerEmail: ownerEmail, OwnerApplication: "florin",
		}
	}
	return all
}
