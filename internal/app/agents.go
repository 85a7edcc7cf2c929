package app

import "florin/internal/mcp"

// Agents is the catalogue as agents see it.
func (p *Parts) Agents() mcp.Config {
	return mcp.Config{Operations: p.Engine, Version: Version, Logger: p.Logger}
}
