// Package mcp is being asked by an agent: every operation of the catalogue is
// a tool of the Model Context Protocol, over standard input and output or over
// HTTP. An agent sees operations that read, unless its API key has the scope
// to write; what the key limits (operations, amounts, approval by a person)
// limits the agent, because the engine holds the limits and not this room.
package mcp
