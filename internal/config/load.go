package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Problem is one setting that cannot be used, with the remedy in its Reason.
type Problem struct {
	Env    string // FLORIN_LISTEN
	Flag   string // --listen
	Reason string // what is wrong and what to write instead
}

// Problems is every bad setting of one start, so that a person mends them in
// one go and not one start after the other.
type Problems []Problem

// Error names each setting on a line of its own.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = fmt.Sprintf("%s (--%s): %s", problem.Env, problem.Flag, problem.Reason)
	}
	return "the settings cannot be used:\n  " + strings.Join(lines, "\n  ")
}

// Bind adds a flag for every setting. Their values are read by Load.
func Bind(flags *pflag.FlagSet) {
	for _, s := range settings {
		help := fmt.Sprintf("%s [%s]", s.help, s.env)
		if s.fallback == "" {
			help += fmt.Sprintf(" (default %s)", s.derived)
		}
		flags.String(s.flag, s.fallback, help)
	}
}

// Load reads the settings: a flag that was given wins over the environment,
// and that over the default. A variable that is set but empty counts as not
// set, as in most service managers. Flags may be nil for none.
//
// The error is a Problems with every setting that is wrong.
func Load(flags *pflag.FlagSet, getenv func(string) string) (Config, error) {
	var (
		c        Config
		problems Problems
	)
	for _, s := range settings {
		text := s.text(flags, getenv)
		if text == "" && s.fallback == "" { // --smtp-url="" takes back what the environment says
			continue
		}
		if err := s.parse(&c, text); err != nil {
			problems = append(problems, s.problem(err.Error()))
		}
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	c.derive()
	if problems = c.contradictions(); len(problems) > 0 {
		return Config{}, problems
	}
	return c, nil
}

// given says that a person set the flag.
func (s setting) given(flags *pflag.FlagSet) bool {
	return flags != nil && flags.Changed(s.flag)
}

// text is what a person wrote, or the default.
func (s setting) text(flags *pflag.FlagSet, getenv func(string) string) string {
	if s.given(flags) {
		return flags.Lookup(s.flag).Value.String()
	}
	if text := getenv(s.env); text != "" {
		return text
	}
	return s.fallback
}

func (s setting) problem(reason string) Problem {
	return Problem{Env: s.env, Flag: s.flag, Reason: reason}
}

// contradictions finds settings that are right alone but not together.
func (c Config) contradictions() Problems {
	var problems Problems
	if _, onSQLite := c.SQLiteFile(); onSQLite && c.Role != RoleAll {
		problems = append(problems, named("FLORIN_ROLE").problem(
			"splits the work between processes, but SQLite serves one; set FLORIN_DATABASE_URL to a Postgres, or use the role all"))
	}
	if c.Listen == c.SandboxListen && !anyPort(c.Listen) {
		problems = append(problems, named("FLORIN_SANDBOX_LISTEN").problem(
			"is the address of FLORIN_LISTEN; choose another port, or off"))
	}
	if c.RateLimit > c.RateBurst {
		problems = append(problems, named("FLORIN_RATE_BURST").problem(
			"is less than FLORIN_RATE_LIMIT, which could then never be reached; raise it"))
	}
	return problems
}

// named finds a row. The names are literals above, and a test asks for each.
func named(env string) setting {
	for _, s := range settings {
		if s.env == env {
			return s
		}
	}
	panic("config: no setting named " + env)
}
