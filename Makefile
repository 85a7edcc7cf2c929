# Everything a person or a CI does with Florin begins here. `make` lists it.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(CURDIR)/.cache

# Pinned, so that a new check never turns an old commit red.
STATICCHECK_VERSION := v0.8.2
STATICCHECK         := $(CACHE)/bin/staticcheck-$(STATICCHECK_VERSION)/staticcheck

# The generator's version is the library's, in go.mod.
TEMPL_VERSION := v0.3.977
TEMPL         := $(CACHE)/bin/templ-$(TEMPL_VERSION)/templ

# Installs what tests need, starts a private Postgres around a command, and
# ends with the command's exit code.
TESTENV := go run ./tools/testenv

# Rooms whose tests need no server of any kind, for a check within a minute.
SERVERLESS := ./internal/arch/... ./internal/clock/... ./internal/config/... ./internal/pay/... ./internal/telemetry/...

# Rooms that run many goroutines and need no database: building SQLite for the
# race detector takes minutes. `make race RACE=./internal/engine/...` tries more.
RACE ?= ./internal/clock/... ./internal/telemetry/...

TEST_TIMEOUT  ?= 12m
BENCH_TIMEOUT ?= 30m
FUZZ_TIME     ?= 10s
# More for the go test of test-stripe-go, such as -json.
SUITE_FLAGS   ?=
BENCH         ?= ./...

# The scopes that a merchant's own software needs.
SCOPES   ?= payments:read,payments:write,merchant:read,merchant:write,webhooks:read,webhooks:write
MERCHANT ?= default
MODE     ?= test

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build Florin and start it, with SQLite and the sandbox
	bin/florin serve

.PHONY: build
build: ## build bin/florin
	go build -o bin/florin ./cmd/florin

.PHONY: createapikey
createapikey: build ## make an API key (MERCHANT=default MODE=test SCOPES=…)
	bin/florin apikey create --merchant "$(MERCHANT)" --mode "$(MODE)" --scopes "$(SCOPES)"

.PHONY: deps
deps: ## install what the tests need: Postgres, Chromium, node and its packages
	$(TESTENV) deps

.PHONY: test
test: vet race ## every test, on both databases
	$(TESTENV) run go test -parallel 8 -timeout $(TEST_TIMEOUT) ./...

.PHONY: test-stripe-go
test-stripe-go: build ## the Stripe Go library's own tests, unchanged, against the sandbox (minutes)
	@dir=$$(mktemp -d); box=; trap 'kill $$box; rm -rf "$$dir"' EXIT; \
	cp -r "$$(go list -m -f '{{.Dir}}' github.com/stripe/stripe-go/v85)" "$$dir/suite"; chmod -R u+w "$$dir"; \
	bin/florin sandbox --ephemeral --tls --phantoms --listen 127.0.0.1:0 --json --log-level warn >"$$dir/where" & box=$$!; \
	until grep -q url "$$dir/where"; do kill -0 $$box; sleep 0.1; done; \
	cd "$$dir/suite"; \
	STRIPE_MOCK_PORT=$$(sed -E 's/.*"url":"[^"]*:([0-9]+)".*/\1/' "$$dir/where") GOFLAGS=-mod=mod go test -p 1 -vet=off -ldflags=-w $(SUITE_FLAGS) ./...

.PHONY: test-temporal
test-temporal: ## operations and flows on a real Temporal server: TEMPORAL_ADDRESS's, or one it builds (minutes)
	@if [ -z "$${TEMPORAL_ADDRESS:-}" ]; then \
		(cd tools/temporalserver && go build -o "$(CACHE)/bin/temporalserver" .); \
		where=$$(mktemp); "$(CACHE)/bin/temporalserver" >"$$where" & server=$$!; trap 'kill $$server; rm -f "$$where"' EXIT; \
		until [ -s "$$where" ]; do kill -0 $$server; sleep 0.1; done; \
		read -r TEMPORAL_ADDRESS TEMPORAL_NAMESPACE <"$$where"; export TEMPORAL_ADDRESS TEMPORAL_NAMESPACE; \
	fi; \
	go test -count=1 -v -tags temporal -run OnAServer -timeout $(TEST_TIMEOUT) ./internal/temporal

.PHONY: race
race: ## the rooms with many goroutines, under the race detector
	CGO_ENABLED=1 go test -race -timeout $(TEST_TIMEOUT) $(RACE)

.PHONY: check
check: format vet lint ## everything that needs no server: format, vet, lint, arrows, rules
	go test $(SERVERLESS)

.PHONY: format
format: ## fail when a file is not gofmt'ed
	@unformatted=$$(gofmt -l cmd internal tools); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: $(STATICCHECK) ## staticcheck, with the checks of staticcheck.conf
	$(STATICCHECK) ./...

$(STATICCHECK):
	GOFLAGS= GOBIN=$(dir $@) go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)

.PHONY: bench
bench: build ## measurements, on a Postgres whose commits wait for the disk
	$(TESTENV) run -durable go test -run '^$$' -bench . -timeout $(BENCH_TIMEOUT) $(BENCH)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZ_TIME
	@{ grep -rlE '^func Fuzz' --include='*_test.go' internal || echo 'no fuzz target yet' >&2; } | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "$$target in $$file"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) "./$$(dirname "$$file")" </dev/null; \
		done; \
	done

.PHONY: pages
pages: ## write the Go code of the dashboard's templates anew
	@test -x $(TEMPL) || { mkdir -p $(dir $(TEMPL)) && cd $(dir $(TEMPL)) && GOBIN=$(dir $(TEMPL)) go install github.com/a-h/templ/cmd/templ@$(TEMPL_VERSION); }
	$(TEMPL) generate -include-version=false -path internal/dashboard

.PHONY: screenshots
screenshots: deps ## take pictures of the dashboard's pages, light and dark, into docs/screenshots
	mkdir -p docs/screenshots
	FLORIN_SCREENSHOTS=$(CURDIR)/docs/screenshots $(TESTENV) run go test -count 1 -run With ./internal/dashboard

.PHONY: docs
docs: ## write the generated documents anew
	go run ./cmd/florin docs

.PHONY: clean
clean: ## remove what was built and cached; the data folder stays
	rm -rf bin .cache
