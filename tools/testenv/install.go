package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"florin/internal/pgtest"
)

// nodeFolder is where the packages for the tests go, inside the checkout and
// ignored by git.
const nodeFolder = ".cache/node"

// nodePackages are the foreign verifiers: the Standard Webhooks authors' own
// library, Stripe's, and Deque's rules of accessibility. Pinned, so that a test that fails fails for our sake.
var nodePackages = map[string]string{
	"standardwebhooks": "1.1.1",
	"stripe":           "23.1.0",
	"axe-core":         "4.14.1",
}

// install makes sure of Postgres, node, Chromium and the packages, and returns the
// folder that holds node_modules.
func install(ctx context.Context) (string, error) {
	if _, err := pgtest.Find(ctx); err != nil {
		if err := system(ctx, "a Postgres 15 or newer", "postgresql"); err != nil {
			return "", err
		}
		if _, err := pgtest.Find(ctx); err != nil {
			return "", fmt.Errorf("after installing postgresql: %w", err)
		}
	}
	for program, packageName := range map[string]string{"node": "nodejs", "npm": "npm", "chromium": "chromium"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if err := system(ctx, program, packageName); err != nil {
			return "", err
		}
	}
	return installNode(ctx)
}

// system installs a package of the operating system where we may and can, and
// says what to do by hand where not.
func system(ctx context.Context, what, packageName string) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("%s is missing, and there is no apt-get here; install it by hand (%s) and put its programs into PATH", what, packageName)
	}
	become := []string{}
	if os.Geteuid() != 0 {
		become = []string{"sudo", "-n"}
	}
	fmt.Fprintf(os.Stderr, "testenv: %s is missing; installing %s\n", what, packageName)
	for _, step := range [][]string{{"update", "-q"}, {"install", "-y", "-q", "--no-install-recommends", packageName}} {
		args := slices.Concat(become, []string{apt}, step)
		code, err := command(ctx, args, "DEBIAN_FRONTEND=noninteractive")
		if err != nil || code != 0 && step[0] == "install" { // an old list of packages may still do
			return errors.Join(err, fmt.Errorf("%s cannot be installed; run as root: apt-get install %s", what, packageName))
		}
	}
	return nil
}

// installNode puts the pinned packages into nodeFolder when they are not there.
// Their install scripts do not run: the tests need their code only.
func installNode(ctx context.Context) (string, error) {
	folder, err := filepath.Abs(nodeFolder)
	if err != nil {
		return "", err
	}
	args := []string{"npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"}
	missing := false
	for name, version := range nodePackages {
		args = append(args, name+"@"+version)
		missing = missing || installed(folder, name) != version
	}
	if !missing {
		return folder, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintln(os.Stderr, "testenv: installing the node packages that sign and verify webhooks")
	if code, err := command(ctx, args); err != nil || code != 0 {
		return "", errors.Join(err, errors.New("npm cannot install the packages that tests need; is the network there?"))
	}
	return folder, nil
}

// installed is the version of a package that is there, or "".
func installed(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(folder, "node_modules", name, "package.json"))
	if err != nil {
		return ""
	}
	var description struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(text, &description) != nil {
		return ""
	}
	return description.Version
}
