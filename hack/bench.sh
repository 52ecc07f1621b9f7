#!/usr/bin/env bash
# make bench: builds urun and runs the bench as an ordinary user.
#   hack/bench.sh [-n RUNS] [flags of hack/bench]
set -euo pipefail
cd "$(dirname "$0")/.."

hack/setup.sh --bench
make --no-print-directory build
exec hack/as-user.sh hack/bench-here.sh "$@"
