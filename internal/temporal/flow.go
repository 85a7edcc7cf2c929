package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"florin/internal/engine/automation"
	"florin/internal/flow"
	"florin/internal/pay"
)

// flowPrefix begins the workflow type of a flow.
const flowPrefix = "flow."

// WorkflowName is the workflow type of a flow.
func WorkflowName(name string) string { return flowPrefix + name }

// The activities of flows. Operations have their own, so that a history says
// what was asked.
const (
	openActivity  = "florin.open-flow" // reads the document that a run begins with
	actionsPrefix = "florin."          // and the built-in action's name
)

// openTimeout bounds the reading of a document.
const openTimeout = 30 * time.Second

// Flows is what the workflows are made of; automation.Automation is such.
type Flows interface {
	// Flow is one flow, by its name.
	Flow(ctx context.Context, o pay.Owner, name string) (automation.Applied, error)
	// Act carries out one action.
	Act(ctx context.Context, action string, w automation.Work) (json.RawMessage, bool, error)
	// Actions is all that flows can be made of.
	Actions() flow.Catalogue
}

// opened is the document that a run keeps from its beginning to its end.
type opened struct {
	Source  []byte `json:"source"`
	Version int    `json:"version"`
}

// registerFlows adds the workflow of every flow, whatever it is called, and the
// activities of the actions that are no operations.
func (w *Worker) registerFlows(r worker.Registry) {
	r.RegisterActivityWithOptions(w.open, activity.RegisterOptions{Name: openActivity})
	for _, action := range w.cfg.Flows.Actions().Actions() {
		if !w.operations[action.Name] {
			r.RegisterActivityWithOptions(w.acts(action.Name), activity.RegisterOptions{Name: actionsPrefix + action.Name})
		}
	}
	r.RegisterDynamicWorkflow(w.carryOut, workflow.DynamicRegisterOptions{})
}

func (w *Worker) open(ctx context.Context, name string) (opened, error) {
	found, err := w.cfg.Flows.Flow(ctx, w.cfg.Owner, name)
	if err != nil {
		return opened{}, refusal(err)
	}
	return opened{Source: found.Document.Source, Version: found.Flow.Version}, nil
}

// acts is the activity of a built-in action.
func (w *Worker) acts(action string) func(ctx context.Context, order Order) (Done, error) {
	return func(ctx context.Context, order Order) (Done, error) {
		output, _, err := w.cfg.Flows.Act(ctx, action, automation.Work{
			Owner: w.cfg.Owner, Connection: order.Connection, Input: order.Input, Key: order.IdempotencyKey,
		})
		if err != nil {
			return Done{}, refusal(err)
		}
		return Done{Output: output, IdempotencyKey: order.IdempotencyKey}, nil
	}
}

// carryOut is the workflow of every flow: its type names the flow, and its one
// argument is what the flow's trigger would bring. What comes next is worked
// out by package flow, which always says the same of the same results, so that
// Temporal can replay it.
func (w *Worker) carryOut(ctx workflow.Context, args converter.EncodedValues) (json.RawMessage, error) {
	name, ok := strings.CutPrefix(workflow.GetInfo(ctx).WorkflowType.Name, flowPrefix)
	if !ok {
		return nil, temporal.NewNonRetryableApplicationError("a workflow here is called flow. and the flow's name", string(pay.CodeNotFound), nil)
	}
	var trigger json.RawMessage
	if args.HasValues() {
		if err := args.Get(&trigger); err != nil {
			return nil, err
		}
	}
	var document opened
	reading := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: openTimeout})
	if err := workflow.ExecuteActivity(reading, openActivity, name).Get(ctx, &document); err != nil {
		return nil, err
	}
	parsed, err := flow.Parse(document.Source, w.cfg.Flows.Actions())
	if err != nil {
		return nil, temporal.NewNonRetryableApplicationError(err.Error(), string(pay.CodeFlowInvalid), err)
	}
	r := &run{worker: w, flow: parsed, trigger: trigger, results: map[string]flow.Result{}, flying: map[string]bool{}}
	return r.carryOn(ctx)
}

// run is one execution of a flow.
type run struct {
	worker  *Worker
	flow    *flow.Flow
	trigger json.RawMessage
	results map[string]flow.Result
	flying  map[string]bool // tasks without a result yet, by path
}

// carryOn goes through the flow until it ends. Every round plans from what is
// known, lets go what is ready, and waits for the first of all to come back.
func (r *run) carryOn(ctx workflow.Context) (json.RawMessage, error) {
	info := workflow.GetInfo(ctx)
	landed := workflow.NewNamedChannel(ctx, "landed")
	for {
		plan := r.flow.Next(flow.State{
			Trigger: r.trigger, Results: r.results, Now: workflow.Now(ctx),
			Run: flow.RunInfo{ID: info.OriginalRunID, Attempt: int(info.Attempt), Started: info.WorkflowStartTime},
		})
		if plan.Ended != nil {
			return ending(*plan.Ended)
		}
		for _, task := range plan.Ready {
			if !r.flying[task.Path] {
				r.flying[task.Path] = true
				workflow.Go(ctx, func(ctx workflow.Context) { r.perform(ctx, task); landed.Send(ctx, task.Path) })
			}
		}
		if err := r.await(ctx, landed, plan.WaitUntil); err != nil {
			return nil, err
		}
	}
}

// await waits for a task to come back, for a wait to end, or for the workflow
// to be canceled.
func (r *run) await(ctx workflow.Context, landed workflow.ReceiveChannel, until time.Time) error {
	chosen := workflow.NewSelector(ctx)
	chosen.AddReceive(landed, func(c workflow.ReceiveChannel, _ bool) {
		var path string
		c.Receive(ctx, &path)
		delete(r.flying, path)
	})
	chosen.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	if !until.IsZero() {
		timing, stop := workflow.WithCancel(ctx)
		defer stop()
		chosen.AddFuture(workflow.NewTimer(timing, max(until.Sub(workflow.Now(ctx)), time.Millisecond)), func(workflow.Future) {})
	}
	chosen.Select(ctx)
	return ctx.Err()
}

// ending is how the workflow ends.
func ending(e flow.Ending) (json.RawMessage, error) {
	if e.Failure == nil {
		return e.Output, nil
	}
	return nil, temporal.NewApplicationErrorWithOptions(e.Failure.Message, e.Failure.Code, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{*e.Failure, e.Undone, e.Stuck},
	})
}

// perform carries a task out and keeps its result.
func (r *run) perform(ctx workflow.Context, task flow.Task) {
	var (
		output json.RawMessage
		err    error
	)
	if task.Call != "" {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: calledPrefix + identityOf(workflow.GetInfo(ctx), task.Path)})
		err = workflow.ExecuteChildWorkflow(child, WorkflowName(task.Call), task.Input).Get(ctx, &output)
	} else {
		var done Done
		err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, r.optionsOf(task)), r.activityOf(task.Do), r.orderOf(ctx, task)).Get(ctx, &done)
		output = done.Output
	}
	result := flow.Result{Output: output, Attempts: 1, At: workflow.Now(ctx)}
	if err != nil {
		result.Failure = failureOf(err, task.Path)
	}
	r.results[task.Path] = result
}

func (r *run) optionsOf(task flow.Task) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: task.Timeout,
		RetryPolicy: &temporal.RetryPolicy{
			MaximumAttempts: int32(task.Retry.Attempts), InitialInterval: task.Retry.Wait,
			BackoffCoefficient: max(task.Retry.Factor, 1), MaximumInterval: task.Retry.Most,
		},
	}
}

// activityOf is the activity of an action.
func (r *run) activityOf(action string) string {
	if r.worker.operations[action] {
		return ActivityName(action)
	}
	return actionsPrefix + action
}

// calledPrefix begins the id of a workflow that a flow's step has called.
const calledPrefix = "florin-call/"

// identityOf is the identity of a step. It stays when the workflow is reset:
// what was done is not done again. A workflow that a step has called is begun
// anew then, as another run of the same id, and so its steps go by the id alone.
func identityOf(info *workflow.Info, path string) string {
	id := info.WorkflowExecution.ID
	if strings.HasPrefix(id, calledPrefix) {
		return pay.Identity("temporal", info.Namespace, id, path)
	}
	return pay.Identity("temporal", info.Namespace, id, info.OriginalRunID, path)
}

// orderOf is what the activity is given. After a reset its history does not say
// when a step was first begun, but that was not before the workflow was.
func (r *run) orderOf(ctx workflow.Context, task flow.Task) Order {
	info := workflow.GetInfo(ctx)
	order := Order{Connection: task.Connection, Input: task.Input, IdempotencyKey: identityOf(info, task.Path)}
	if info.OriginalRunID != info.WorkflowExecution.RunID {
		order.Begun = info.WorkflowStartTime
	}
	return order
}

// failureOf puts an error of Temporal's into a flow's words.
func failureOf(err error, path string) *flow.Failure {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		told := Refusal{Code: application.Type(), Message: application.Message()}
		if application.HasDetails() {
			_ = application.Details(&told) // one without our details keeps type and message
		}
		return &flow.Failure{Code: told.Code, Message: told.Message, Field: told.Field, Step: path}
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return &flow.Failure{Code: string(pay.CodeStepTimeout), Message: "the attempt took longer than the step's timeout", Step: path}
	}
	return &flow.Failure{Code: string(pay.CodeInternal), Message: err.Error(), Step: path}
}
