package conductor

import "encoding/json"

// task is one piece of work as the server hands it out; only the fields that a
// worker needs.
type task struct {
	ID              string          `json:"taskId"`
	Workflow        string          `json:"workflowInstanceId"`
	Type            string          `json:"taskType"`
	Reference       string          `json:"referenceTaskName"` // with __n in a loop's n-th round
	Retried         string          `json:"retriedTaskId"`     // the attempt before this one
	RetryCount      int             `json:"retryCount"`
	Started         int64           `json:"startTime"`              // when it was first handed out, in milliseconds since 1970
	ResponseTimeout int             `json:"responseTimeoutSeconds"` // seconds until the server gives the task to another worker
	Input           json.RawMessage `json:"inputData"`
	Output          json.RawMessage `json:"outputData"`
	Status          string          `json:"status"`
	Correlation     string          `json:"correlationId"`
}

// The states of a task that a worker sends or meets.
const (
	statusInProgress = "IN_PROGRESS"
	statusCompleted  = "COMPLETED"
	statusFailed     = "FAILED"                     // the server tries again
	statusTerminal   = "FAILED_WITH_TERMINAL_ERROR" // it does not
)

// result is what a worker says of a task.
type result struct {
	Workflow      string `json:"workflowInstanceId"`
	Task          string `json:"taskId"`
	Worker        string `json:"workerId"`
	Status        string `json:"status"`
	Reason        string `json:"reasonForIncompletion,omitempty"`
	Output        any    `json:"outputData,omitempty"`
	CallbackAfter int    `json:"callbackAfterSeconds,omitempty"` // with IN_PROGRESS: when the task is handed out again
	ExtendLease   bool   `json:"extendLease,omitempty"`          // nothing but the lease is looked at then
}

// output is what a task leaves behind for the workflow's next tasks.
type output struct {
	Output         json.RawMessage `json:"output,omitempty"` // as the operation's schema says
	Replayed       bool            `json:"replayed"`         // an earlier attempt had done it
	RequestRef     string          `json:"requestId,omitempty"`
	IdempotencyKey string          `json:"idempotencyKey,omitempty"`
	Approval       string          `json:"approvalId,omitempty"` // while a person decides
	Error          *failure        `json:"error,omitempty"`
	Stripe         settled         `json:"stripe"`
}

// settled tells the next attempt, if there is one, whether this one got a
// definitive answer: only then may it ask Stripe under a new key.
type settled struct {
	Definitive bool  `json:"definitive"`
	Generation int   `json:"generation"`
	Begun      int64 `json:"begun,omitempty"` // when this generation was first asked for, in milliseconds since 1970
}

// failure is why an operation was not carried out.
type failure struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	Parameter    string `json:"parameter,omitempty"`
	ProviderCode string `json:"providerCode,omitempty"`
	DeclineCode  string `json:"declineCode,omitempty"`
	Retryable    bool   `json:"retryable"`
}
