package temporal_test

import (
	"github.com/nexus-rpc/sdk-go/nexus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// activitiesOnly has the test environment of activities stand where a worker
// registers.
type activitiesOnly struct {
	*testsuite.TestActivityEnvironment
}

func (activitiesOnly) RegisterWorkflow(any)                                         {}
func (activitiesOnly) RegisterWorkflowWithOptions(any, workflow.RegisterOptions)    {}
func (activitiesOnly) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {}
func (activitiesOnly) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {}
func (activitiesOnly) RegisterNexusService(*nexus.Service)                          {}

// registry has the test environment of workflows stand there.
type registry struct {
	*testsuite.TestWorkflowEnvironment
}
