// Command florin is the whole product in one binary; see package cli.
package main

import (
	"context"
	"os"

	"florin/internal/cli"
)

func main() {
	io := cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
	os.Exit(cli.Main(context.Background(), os.Args[1:], io))
}
