#!/usr/bin/env bash
# Runs go test as whoever calls, with what the tests need prepared. Tests find in their environment
#   URUN               the binary under test
#   URUN_REDIS_BUNDLE  a directory with a rootfs that holds a real redis-server
set -euo pipefail
cd "$(dirname "$0")/.."

export URUN=${URUN:-$PWD/bin/urun}
export URUN_REDIS_BUNDLE=${XDG_CACHE_HOME:-$HOME/.cache}/urun/test-redis
hack/redis-bundle.sh "$URUN_REDIS_BUNDLE"
go test -count=1 -timeout 30m "$@"
