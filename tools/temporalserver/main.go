// Command temporalserver runs a Temporal server in memory for the tests of the
// Temporal worker, and prints its address and namespace. It is a module of its own because
// the server brings two hundred modules and takes minutes to build; nothing of
// it is in the florin binary.
package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"go.temporal.io/server/temporaltest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server := temporaltest.NewServer()
	defer server.Stop()
	fmt.Println(server.GetFrontendHostPort(), server.GetDefaultNamespace())
	<-ctx.Done()
}
