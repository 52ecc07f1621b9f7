# urun: a rootless OCI container runtime. `make` alone prints what there is to make.

PREFIX  ?= /usr/local
DESTDIR ?=
N       ?= 30
GO      ?= $(shell hack/find-go.sh)

# The version comes from the build info, so the build wants to be stamped; but git answers nothing in a checkout
# that belongs to somebody else, and go build would then fail instead of going without.
STAMP = -buildvcs=$(shell git rev-parse --verify -q HEAD >/dev/null 2>&1 && echo auto || echo false)
# Of the two collectors of Go 1.26 the older one: urun ends before a first collection, and the newer keeps its marks at the end of
# each span of the heap, which touches one page more for each size of object. That is 3 % of `urun exec`.
HEAP  = $(shell $(GO) version | grep -q ' go1\.26' && echo GOEXPERIMENT=nogreenteagc)
BUILD = CGO_ENABLED=0 $(HEAP) $(GO) build -trimpath -ldflags '-s -w'

.PHONY: help build demo test test-vm lint fmt bench bench-net bench-vm install clean reproducible go

help: ## Print this help
	@echo 'urun: a rootless OCI container runtime'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  PREFIX=$(PREFIX) and DESTDIR=$(DESTDIR) are for install, N=$(N) runs of each command for bench.'

demo: ## Run a real redis-server in a rootless container, from nothing
	hack/demo.sh

test: ## Run every test, as an ordinary user (and as root too, when root asks)
	hack/test.sh

test-vm: ## Run those that need systemd and cgroup v2, in a guest made for them
	hack/test-vm.sh

build: go ## Build ./bin/urun and ./bin/urun-monitor, static binaries
	$(BUILD) $(STAMP) -o bin/ ./cmd/urun ./cmd/urun-monitor

install: ## Copy them to DESTDIR/PREFIX/bin and .../libexec/urun (build them first)
	@test -x bin/urun || { echo 'make install: there is no bin/urun yet; make build first' >&2; exit 1; }
	install -D -m 0755 bin/urun $(DESTDIR)$(PREFIX)/bin/urun
	install -D -m 0755 bin/urun-monitor $(DESTDIR)$(PREFIX)/libexec/urun/urun-monitor

lint: go ## Check with vet, staticcheck, gofmt and shellcheck
	GO='$(GO)' hack/lint.sh

fmt: go ## Format the Go code
	"$$(dirname '$(GO)')/gofmt" -l -w .

bench: ## Compare with runc, crun and podman, in turn, and print a table
	hack/bench.sh -n $(N)

bench-net: ## Compare published ports and ways out with those of rootless podman
	hack/bench-net.sh -n $(N)

bench-vm: ## Compare with crun where systemd makes the cgroups, in a guest made for it
	hack/bench-vm.sh -n $(N)

reproducible: go ## Build twice in different places and compare
	GO='$(GO)' hack/reproducible.sh

clean: ## Remove what the build made
	rm -rf bin

# A missing toolchain is better explained than met as "command not found".
go:
	@test -n '$(GO)' || hack/find-go.sh --explain
