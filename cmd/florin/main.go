// Command florin is the whole product in one binary; see package cli.
package main

func main() {}
