# make rehearse and make test each do all the set-up they need.

.PHONY: help setup build rehearse test check bench clean

version := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
commit  := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
tool    := go tool -modfile=tools/go.mod
# What make rehearse releases: what this machine's apt offers. make rehearse TAG=v1.2.3 sets another.
TAG     ?= $(shell script/offered prometheus)

help:
	@echo 'make rehearse   a whole release in the sandbox, with the real Packer on machines that run'
	@echo 'make test       all tests and checks'
	@echo 'make build      bin/amiship'
	@echo 'make check      format, vet, staticcheck, dead code, layers, shell scripts'
	@echo 'make bench      benchmarks'
	@echo 'make setup      install what is missing; the others do it by themselves'

setup:
	@script/setup

build:
	@mkdir -p bin
	go build -trimpath -ldflags '-X main.version=$(version) -X main.commit=$(commit)' -o bin/amiship ./cmd/amiship

rehearse: setup build
	script/as-root bin/amiship sandbox prepare
	script/as-root bin/amiship rehearse -f examples/prometheus/amiship.yaml "$(TAG)"

check:
	@script/nothing 'gofumpt would change' $(tool) gofumpt -l cmd examples internal sandbox scenarios
	go vet ./...
	$(tool) staticcheck ./...
	@script/nothing 'never called' $(tool) deadcode -test ./...
	go test ./internal/house
	shellcheck script/* .ci/run examples/*/scripts/*.sh internal/scaffold/files/scripts/*.sh

test: setup build check
	script/as-root bin/amiship sandbox prepare
	go test -race -timeout 30m ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin
