# Each target does the set-up that it needs, so any of them may be the first.

.DELETE_ON_ERROR:
.NOTPARALLEL: # prerequisites are in the order in which they tell most, soonest
.PHONY: build help packages test-packages browser-packages bases setup rehearse test check unit browser torture fuzz bench bench-go instance-types clean

version := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
commit  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
tool    := go tool -modfile=tools/go.mod

# For everything that make runs: the client of EC2 takes two minutes to compile,
# so build, checks and scenarios had better want the same of it.
export GOFLAGS := $(shell go env GOFLAGS) -trimpath

# The bases that the example and the tests start machines from.
bases := debian-12 ubuntu-22.04 ubuntu-22.04/arm64

# Tests of machines that really run: as root, while all others run as you are.
as_root := ./sandbox/machine/container ./scenarios

# The releases of GitLab that are rehearsed, with packages that stand in for its own.
GITLAB ?= 17.5.0+ce.0 17.5.0+ee.0

build:
	go build -ldflags '-s -w -X main.version=$(version) -X main.commit=$(commit)' -o bin/amiship ./cmd/amiship

help:
	@echo 'make            build bin/amiship'
	@echo 'make rehearse   rehearse a whole release: the real Packer, machines that run, no AWS account'
	@echo '                TAG=v1.2.3 names the release; else it is the Prometheus that your apt offers;'
	@echo '                GITLAB="17.5.0+ce.0 17.5.0+ee.0" those of GitLab that come after it'
	@echo 'make test       check, unit tests and scenarios'
	@echo 'make check      format, vet, staticcheck, dead code, and the architecture tests: imports, scripts, docs, words'
	@echo 'make browser    the web pages in Chromium; SHOTS=DIR keeps pictures of them'
	@echo 'make torture    whole releases while AWS fails and runs are killed, at random: docs/explanation/torture.md'
	@echo '                N=200 is how many, SEED=7 replays from that one; else it is the time'
	@echo 'make fuzz       each fuzz target for 30 s, or TIME=5m'
	@echo 'make bench      how fast it is, beside what people use; ONLY=3 or ONLY="1 6" for some; writes docs/benchmarks.md'
	@echo 'make bench-go   the benchmarks of single packages'
	@echo 'make instance-types  the table of EC2 instance types of the sandbox, anew from the data in tools/instancetypes/go.mod'
	@echo 'make setup      install what is missing; the others do it by themselves'
	@echo 'make clean      remove what was built here'

packages:
	@script/setup

test-packages:
	@script/setup tests

browser-packages:
	@script/setup browser

bases: build
	@script/as-root bin/amiship sandbox prepare $(bases)

setup: packages bases

rehearse: setup
	@tag=$${TAG:-$$(script/offered prometheus)} && set -x && \
	script/as-root bin/amiship rehearse "$$tag" -f examples/prometheus/amiship.yaml && \
	script/as-root bin/amiship rehearse $(GITLAB) -f examples/gitlab/amiship.yaml --catalog gitlab.json

test: check setup unit

check: test-packages
	script/nothing 'gofumpt would change' $(tool) gofumpt -l .
	go mod tidy -diff
	go vet ./...
	$(tool) staticcheck ./...
	script/nothing 'never called' $(tool) deadcode -test ./...
	script/nothing 'called by tests only' bash -o pipefail -c '$(tool) deadcode ./... | sed "\|[a-z]test/[^/]*:|d"'
	go test -count=1 -timeout 30m ./internal/archtest

unit: test-packages bases
	script/unit $(as_root)

torture: test-packages
	@seed=$${SEED:-$$(date +%s)} && set -x && \
	go test -count=1 -timeout 12h -exec "$$PWD/script/as-root" -parallel 4 -run '^TestTorture$$' ./scenarios -torture.seed "$$seed" -torture.n $(or $(N),200)

# Pages in Chromium, with axe-core as a judge; SHOTS=DIR keeps a picture of each.
browser: browser-packages
	go vet -tags browser ./internal/web
	go test -tags browser -count=1 ./internal/web -axe "$$PWD/$$(script/axe)" $(if $(SHOTS),-shots $(abspath $(SHOTS)))

fuzz:
	script/fuzz $(TIME)

bench: test-packages build
	go run ./bench bin/amiship $(ONLY)

bench-go:
	go test -run '^$$' -bench . -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -r dirname | sort -u)

instance-types:
	cd tools/instancetypes && go mod download && go run . >types_table.go.new
	mv tools/instancetypes/types_table.go.new sandbox/ec2/types_table.go

clean:
	rm -rf bin
