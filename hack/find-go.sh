#!/usr/bin/env bash
# Prints the path of a Go toolchain that is new enough for go.mod, or fails. With --explain it says how to get one; with
# --cache where hack/fetch-go.sh puts one: root's is for the user that tests run as, too.
# A go older than that still counts when it fetches the right one by itself (Go 1.21 and later, GOTOOLCHAIN=auto).
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)

# new_enough GO: inside the module, so that a toolchain switch happens now and not in the middle of a build.
new_enough() {
  local have
  have=$("$1" version 2>/dev/null | sed -n 's/^go version go\([0-9]*\.[0-9]*\).*/\1/p') || return 1
  [ -n "$have" ] && [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]
}

explain() {
  cat >&2 <<TEXT
urun needs Go $wanted or newer, and none was found in PATH, /usr/local/go, /usr/lib/go-* or $(cache).
  Debian, Ubuntu: hack/setup.sh installs one
  elsewhere:      take it from https://go.dev/dl/ and unpack it to /usr/local/go
TEXT
}

cache() {
  if [ "$(id -u)" = 0 ]; then echo /var/cache/urun/go; else echo "${XDG_CACHE_HOME:-$HOME/.cache}/urun/go"; fi
}

case "${1:-}" in
  --explain)
    explain
    exit 1
    ;;
  --cache)
    cache
    exit
    ;;
esac

candidates=("$(command -v go || true)" /usr/local/go/bin/go)
mapfile -t -O 2 candidates < <(printf '%s\n' /usr/lib/go-*/bin/go "$(cache)"/golang.org/toolchain@*/bin/go | sort -rV)
for go in "${candidates[@]}"; do
  if [ -x "$go" ] && new_enough "$go"; then
    echo "$go"
    exit 0
  fi
done
exit 1
