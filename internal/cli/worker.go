package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

func (p *program) workerCommand() *cobra.Command {
	return group("worker", "Serve Stripe operations to the workflow engine you have",
		"Runs the catalogue of Stripe operations where a company runs its workflows: as\n"+
			"tasks of Conductor, or as activities of Temporal. Several workers may serve one\n"+
			"engine; on SQLite they run beside a server, on the same machine.",
		p.conductorCommand(), p.temporalCommand())
}

// workerName tells this worker from others in an engine's lists.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "florin"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

const conductorHelp = `Serves every Stripe operation as a task of a Conductor server (conductor-oss or
Orkes): create-refund is the task type stripe_create_refund, whose input is the
operation's, and a connection where it is not the default one.

A task's write happens once, however often the server hands the task out: its
identity is the workflow's id and the task's reference name. A task that Stripe
refused for good ends as FAILED_WITH_TERMINAL_ERROR; retrying it by hand is a new
write. What can be mended by waiting is FAILED, and tried again by the server.

--register makes the task types known to the server and goes on to serve them.
--definitions prints them instead, to be registered by other means.`

// conductorOptions are what a person says on the command line.
type conductorOptions struct {
	app.ConductorConfig

	ownerEmail          string
	operations          []string
	register, printOnly bool
}

func (p *program) conductorCommand() *cobra.Command {
	var o conductorOptions
	cmd := &cobra.Command{
		Use:   "conductor",
		Short: "Serve operations as tasks of a Conductor server",
		Long:  conductorHelp,
		Example: "  florin worker conductor --server http://localhost:8080/api --register\n" +
			"  florin worker conductor --operations 'get-*,create-refund' --domain eu\n" +
			"  florin worker conductor --definitions > taskdefs.json",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, operationSettings...)
	who := actorFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Server, "server", "", "The `url` of the server's API [CONDUCTOR_SERVER_URL], such as http://localhost:8080/api.")
	f.StringVar(&o.KeyID, "auth-key", "", "The key `id` of an Orkes server [CONDUCTOR_AUTH_KEY]; its secret is taken from CONDUCTOR_AUTH_SECRET.")
	f.StringVar(&o.Domain, "domain", "", "Only tasks that are sent to this `domain`.")
	f.StringVar(&o.Name, "name", "", "The worker's `name` in the server's lists. (default the machine's, with the process's number)")
	f.StringVar(&o.Connection, "connection", "", "The `name` of the connection of tasks that name none.")
	f.StringSliceVar(&o.operations, "operations", nil, "Only these operations: a comma-separated `list`, with globs such as get-*.")
	f.IntVar(&o.PerType, "parallel", 0, "Tasks of one type at once: a `number`; 4 when left out.")
	f.BoolVar(&o.register, "register", false, "Make the task types known to the server first.")
	f.StringVar(&o.ownerEmail, "owner-email", "", "The `address` that some servers want in a task type.")
	f.BoolVar(&o.printOnly, "definitions", false, "Print the task types as JSON, and serve nothing.")
	cmd.MarkFlagsMutuallyExclusive("register", "definitions")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			var err error
			if o.Owner, o.Key, err = p.identify(ctx, parts, who); err != nil {
				return err
			}
			return p.serveConductor(ctx, parts, o)
		})
	})
	return cmd
}

func (p *program) serveConductor(ctx context.Context, parts *app.Parts, o conductorOptions) error {
	if o.Server == "" {
		o.Server = p.Getenv("CONDUCTOR_SERVER_URL")
	}
	if o.Server == "" && !o.printOnly {
		return usagef("--server says where the Conductor server's API is, such as http://localhost:8080/api")
	}
	if o.KeyID == "" {
		o.KeyID = p.Getenv("CONDUCTOR_AUTH_KEY")
	}
	o.KeySecret = pay.NewSecret(p.Getenv("CONDUCTOR_AUTH_SECRET"))
	o.Name = cmp.Or(o.Name, workerName())
	o.Only = chosen(o.operations)
	worker, err := parts.ConductorWorker(o.ConductorConfig)
	if err != nil {
		return err
	}
	if o.printOnly {
		return printJSON(p.Out, worker.Definitions(o.ownerEmail))
	}
	if o.register {
		if err := worker.Register(ctx, o.ownerEmail); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.Err, "Serving %d task types to %s as %s. Stop with Ctrl-C.\n", len(worker.Served()), o.Server, o.Name)
	worker.Run(ctx)
	return nil
}

// chosen tells the operations that a list of names and globs means; an empty
// list means all.
func chosen(globs []string) func(operation string) bool {
	if len(globs) == 0 {
		return nil
	}
	return func(operation string) bool {
		for _, glob := range globs {
			if fits, err := path.Match(glob, operation); err == nil && fits {
				return true
			}
		}
		return false
	}
}

const temporalHelp = `Serves every Stripe operation as an activity of a Temporal cluster, and every flow
as a workflow: create-refund is the activity stripe.create-refund, which takes
{"connection","input","idempotency_key"}, and the flow big-charges is the workflow
flow.big-charges, which takes what its trigger would bring.

An activity's write happens once, however often it is tried: its identity is the
workflow, its run and the activity's id. What Stripe refused for good is an
application error that is not retried, with the code as its type.

The cluster is named by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and, for one that
wants it, TEMPORAL_API_KEY; or by the flags.`

func (p *program) temporalCommand() *cobra.Command {
	var o app.TemporalConfig
	cmd := &cobra.Command{
		Use:   "temporal",
		Short: "Serve operations as activities, and flows as workflows, of a Temporal cluster",
		Long:  temporalHelp,
		Example: "  florin worker temporal --address localhost:7233\n" +
			"  TEMPORAL_API_KEY=… florin worker temporal --address eu.example.com:7233 --namespace pay --tls",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, operationSettings...)
	who := actorFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Address, "address", "", "The `host:port` of the cluster's frontend [TEMPORAL_ADDRESS]; localhost:7233 when left out.")
	f.StringVar(&o.Namespace, "namespace", "", "The `namespace` [TEMPORAL_NAMESPACE]; default when left out.")
	f.StringVar(&o.TaskQueue, "task-queue", "florin", "The `queue` to serve.")
	f.StringVar(&o.Connection, "connection", "", "The `name` of the connection of activities that name none.")
	f.IntVar(&o.Parallel, "parallel", 0, "Activities at once: a `number`; as Temporal has it when left out.")
	f.BoolVar(&o.TLS, "tls", false, "Connect over TLS.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		o.Address = cmp.Or(o.Address, p.Getenv("TEMPORAL_ADDRESS"))
		o.Namespace = cmp.Or(o.Namespace, p.Getenv("TEMPORAL_NAMESPACE"))
		o.APIKey = pay.NewSecret(p.Getenv("TEMPORAL_API_KEY"))
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			var err error
			if o.Owner, o.Key, err = p.identify(ctx, parts, who); err != nil {
				return err
			}
			worker, err := parts.TemporalWorker(o)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.Err, "Serving the queue %s. Stop with Ctrl-C.\n", o.TaskQueue)
			return worker.Run(ctx)
		})
	})
	return cmd
}
