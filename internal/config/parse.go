package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"florin/internal/pay"
)

// sqliteScheme opens the URL of an SQLite file. The rest is a path and not
// percent-encoded, so that what a person types is the file they get.
const sqliteScheme = "sqlite:"

// The errors here are read by the person who typed the value. Each says what
// to write instead; none repeats the text, because it may be a secret.

func parseDatabaseURL(c *Config, text string) error {
	c.DatabaseURL = pay.NewSecret(text)
	if file, ok := c.SQLiteFile(); ok {
		return checkSQLiteFile(file)
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return errors.New("must be sqlite:<file> or postgres://user:password@host/name; percent-encode special characters of a password")
	}
	if address.Host == "" && !address.Query().Has("host") || strings.Trim(address.Path, "/") == "" {
		return errors.New("lacks the host or the database name; write postgres://user:password@host/name")
	}
	return nil
}

func checkSQLiteFile(file string) error {
	switch {
	case file == "":
		return errors.New("lacks the file; write sqlite:<file>, such as sqlite:data/florin.db")
	case strings.Contains(file, ":memory:"):
		return errors.New("would lose every payment at the end; name a file, such as sqlite:data/florin.db")
	case strings.ContainsAny(file, "?#\x00"):
		return errors.New("names a file with ?, # or NUL, which SQLite would read as options; choose another file name")
	}
	return nil
}

func parseDataDir(c *Config, text string) error {
	if strings.TrimSpace(text) == "" || strings.Contains(text, "\x00") {
		return errors.New("must be a folder; leave it out to use ./" + defaultDataDir)
	}
	c.DataDir = text
	return nil
}

func parseMasterKey(c *Config, text string) error {
	if err := checkMasterKeys(text); err != nil {
		return err
	}
	c.MasterKey = pay.NewSecret(strings.TrimSpace(text))
	return nil
}

func parseListen(field *string, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("must be host:port, such as 127.0.0.1:8080, or :8080 for every address of the machine")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("has no port from 0 to 65535; write host:port, such as 127.0.0.1:8080")
	}
	*field = text
	return nil
}

func parseSandboxListen(c *Config, text string) error {
	if text == Off {
		c.SandboxListen = Off
		return nil
	}
	return parseListen(&c.SandboxListen, text)
}

// parseBaseURL takes the address of a server, to which paths are added.
func parseBaseURL(field *string, text string) error {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
		return errors.New("must be an http or https URL, such as https://pay.example.com")
	}
	if address.RawQuery != "" || address.Fragment != "" || address.User != nil {
		return errors.New("must have no user, query or fragment: paths are added to it")
	}
	*field = strings.TrimRight(text, "/")
	return nil
}

// parseStripeAPIBase refuses to send secret keys over a network in the clear.
func parseStripeAPIBase(c *Config, text string) error {
	if err := parseBaseURL(&c.StripeAPIBase, text); err != nil {
		return err
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme == "http" && !loopback(address.Hostname()) {
		return errors.New("would send secret keys unencrypted; use https, or http on 127.0.0.1")
	}
	return nil
}

func parseSMTPURL(c *Config, text string) error {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "smtp" && address.Scheme != "smtps" || address.Hostname() == "" {
		return errors.New("must be smtp://user:password@host:port or smtps://…; percent-encode special characters of a password")
	}
	c.SMTPURL = pay.NewSecret(text)
	return nil
}

func parseLogLevel(c *Config, text string) error {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[strings.ToLower(text)]
	if !ok {
		return errors.New("must be debug, info, warn or error")
	}
	c.LogLevel = level
	return nil
}

// oneOf takes one of a few words.
func oneOf[T ~string](field *T, text string, words ...T) error {
	if !slices.Contains(words, T(text)) {
		return fmt.Errorf("must be one of: %s", strings.Trim(fmt.Sprint(words), "[]"))
	}
	*field = T(text)
	return nil
}

// wholeDays takes a number of days, such as 90d, from one to most.
func wholeDays(into *time.Duration, text string, most int) error {
	number, isDays := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(number)
	if !isDays || err != nil || n < 1 || n > most {
		return fmt.Errorf("must be a number of days from 1d to %dd, such as 90d", most)
	}
	*into = time.Duration(n) * 24 * time.Hour
	return nil
}

// between takes a duration, limits included.
func between(field *time.Duration, text string, shortest, longest time.Duration) error {
	length, err := time.ParseDuration(text)
	if err != nil || length < shortest || length > longest {
		return fmt.Errorf("must be a duration from %s to %s, such as 20s", shortest, longest)
	}
	*field = length
	return nil
}

// count takes a whole number, limits included.
func count(field *int, text string, least, most int) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return fmt.Errorf("must be a whole number from %d to %d", least, most)
	}
	*field = n
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
