# Needs go, make and git; `make race` also a C compiler. Flags go in ARGS: make run ARGS='--configuration three'
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help build run test race lint fuzz bench accuracy nightly tuning docs release clean

GOLANGCI_LINT := v2.15.0
GOFUMPT       := v0.12.0
ACTIONLINT    := v1.7.12
FUZZTIME      ?= 20s
CHROMIUM      ?= chromium
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS       := -X main.version=$(VERSION)

tools    := $(CURDIR)/.tools/bin
golangci := $(tools)/golangci-lint-$(GOLANGCI_LINT)
gofumpt  := $(tools)/gofumpt-$(GOFUMPT)
actions  := $(tools)/actionlint-$(ACTIONLINT)
# install VERSION-IN-NAME PACKAGE: a tool of its own version, whatever this module and the environment ask for.
install   = @echo "installing $(@F) (once)"; env -u GOOS -u GOARCH GOFLAGS= GOBIN=$(tools) go install $(1) && mv $(tools)/$(2) $@

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/etcd-dyno
	go build -ldflags '$(LDFLAGS)' -o bin/etcd-dyno ./cmd/etcd-dyno

run: build ## benchmark a local etcd under Kubernetes load, under a minute; more flags in ARGS
	bin/etcd-dyno run pod-churn $(ARGS)

test: ## run all tests, those included that start real etcd members; a browser is used if there is one
	@go build ./... # so that no compiler runs beside tests that look at the time
	go test -timeout 10m $(ARGS) ./...

race: ## run the tests of all that runs at once under the race detector; what judges counts or times skips itself
	@go build -race ./... && go build ./...
	go test -race -p 1 -timeout 10m -skip '^Test(Ledger|BooksAreSmall)$$' $(ARGS) ./results $$(go list ./runner/... | grep -v -e /arrival -e /doctor -e /experiment -e /limit -e /linear -e /pki -e /release -e /telemetry)

lint: $(golangci) $(gofumpt) $(actions) ## run gofumpt, go vet, golangci-lint and actionlint at pinned versions, installed into .tools/ on first use
	@files=$$($(gofumpt) -l cmd scenarios runner report results) && if [ -n "$$files" ]; then echo "not formatted, run $(gofumpt) -w on:"; echo "$$files"; exit 1; fi
	go vet -tags accuracy,tuning ./...
	$(golangci) run --allow-serial-runners ./...
	$(actions) scenarios/library/ci/*.yml

fuzz: ## fuzz each parser and decoder for FUZZTIME, 20s unless given
	@listed=$$(go test -run '^$$' -list '^Fuzz' $$(grep -rl --include='*_test.go' '^func Fuzz' . | sed 's|/[^/]*$$||' | sort -u)) || { echo "$$listed"; exit 1; }; \
	targets=$$(echo "$$listed" | awk '/^Fuzz/ { f[n++] = $$1 } $$1 == "ok" { while (n > 0) print f[--n], $$2 }'); \
	[ -n "$$targets" ] || { echo "there is no fuzz target"; exit 1; }; \
	echo "$$targets" | while read -r f package; do echo "$$f of $$package"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$package </dev/null || exit 1; done

bench: ## run the benchmarks, one package at a time
	go test -run '^$$' -bench . -benchmem -timeout 60m $(ARGS) ./...

accuracy: ## hold the instrument against known truths, below two hours; wants an idle machine
	go test -tags accuracy -run Accuracy -count 1 -p 1 -timeout 120m -v $(ARGS) ./...

# What runs the experiments of the tuning guide.
guided = go test -tags tuning -run '^TestTuning$$' -count 1 -timeout 240m -v ./cmd/etcd-dyno -only '$(ONLY)'

nightly: ## run every experiment of the tuning guide in its short form, some two hours; some with ONLY=disk,tls; rewrites nothing
	$(guided) $(ARGS)

tuning: ## measure the tuning guide anew, report/docs/tuning.md, some two hours; some of it with ONLY=disk,tls; wants an idle machine
	mkdir -p report/docs/tuning && $(guided) -write-guide $(ARGS)

# What compares a disk with one that takes 2 ms more for each fsync, in some four minutes.
disk := experiment --scenario pod-churn --a single --b single --set-b configuration.disk.fsync_delay=2ms --pairs 6 --confirm=false --set phases.measure=10s
picture = $(CHROMIUM) --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --no-first-run --hide-scrollbars --user-data-dir="$$runs/profile"

docs: build ## redraw the README's pictures from real runs, some six minutes; needs CHROMIUM
	@runs=$$(mktemp -d) && trap 'rm -rf "$$runs"' EXIT && mkdir -p report/docs && bin/etcd-dyno run pod-churn --runs-dir "$$runs/one" $(ARGS) && \
	{ bin/etcd-dyno $(disk) --runs-dir "$$runs/disk" || [ $$? -eq 4 ]; } && \
	$(picture) --window-size=1200,1600 --screenshot=report/docs/report.png "file://$$(echo "$$runs"/one/*/report.html)" && \
	$(picture) --window-size=1200,1180 --screenshot=report/docs/experiment.png "file://$$(echo "$$runs"/disk/*/comparison.html)" && \
	bin/etcd-dyno report "$$(echo "$$runs"/one/*-pod-churn-*)" --figures "$$runs/figures" >/dev/null && cp "$$runs/figures/all-over-time.png" report/docs/heat.png
	go test -tags accuracy -run AccuracyCoordinatedOmission -count 1 ./cmd/etcd-dyno -picture $(CURDIR)/report/docs/coordinated-omission.png

release: ## build reproducible binaries for linux/amd64 and linux/arm64 with their SHA-256 into bin/
	@for arch in amd64 arm64; do echo "bin/etcd-dyno-linux-$$arch $(VERSION)"; CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS) -s -w' -o bin/etcd-dyno-linux-$$arch ./cmd/etcd-dyno || exit 1; done
	@cd bin && sha256sum etcd-dyno-linux-amd64 etcd-dyno-linux-arm64 | tee SHA256SUMS

clean: ## remove what was built and the tools; runs/ stays
	rm -rf bin .tools

$(golangci):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT),golangci-lint)
$(gofumpt):
	$(call install,mvdan.cc/gofumpt@$(GOFUMPT),gofumpt)
$(actions):
	$(call install,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT),actionlint)
