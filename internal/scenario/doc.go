// Package scenario tells stories of money and checks how they end: who pays
// whom, step by step, and what everybody has in the end, to the cent. A story
// is a YAML file that people can read. It is played from outside: through the
// HTTP API of a Florin and of the sandbox behind it, with no knowledge of what
// is inside.
package scenario
