#!/usr/bin/env bash
# make lint: vet, staticcheck (a tool of go.mod), gofmt, and shellcheck for the scripts. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-$(hack/find-go.sh)}

# With the tag vm come the tests for the guest of hack/vm.sh, which cannot run here.
"$go" vet -tags vm ./...
"$go" tool staticcheck -tags vm ./...
(cd test/validation && "$go" vet ./...) # a module of its own

unformatted=$("$(dirname "$go")/gofmt" -l .)
if [ -n "$unformatted" ]; then
  printf 'not as gofmt writes it (make fmt):\n%s\n' "$unformatted" >&2
  exit 1
fi

shellcheck hack/*.sh hack/vm/*.sh hack/vm-arm64/*.sh .ci/run
echo "lint: vet, staticcheck, gofmt and shellcheck found nothing"
