#!/usr/bin/env bash
# make bench-net: published ports and ways out of urun beside those of rootless podman, where that is installed. Root measures as urun-dev,
# with a /dev/net/tun that it may use.
#   hack/bench-net.sh [flags of hack/benchnet]
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --here ]; then
  hack/setup.sh --test
  PATH=$(dirname "$(hack/find-go.sh)"):$PATH
  export PATH
  make --no-print-directory build
  [ "$(id -u)" = 0 ] || exec hack/as-user.sh "$0" --here "$@"
  exec hack/own-tun.sh hack/as-user.sh hack/bench-net.sh --here "$@"
fi
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/urun-benchnet.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0
go build -o "$work/benchnet" ./hack/benchnet
go build -trimpath -ldflags '-s -w' -o "$work/inside" ./test/inside
"$work/benchnet" -urun "${URUN:-$PWD/bin/urun}" -inside "$work/inside" "$@"
