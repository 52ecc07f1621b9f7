#!/usr/bin/env bash
# Prints the path of a Go toolchain that is new enough for go.mod, or fails. With --explain it says how to get one.
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
urun needs Go $wanted or newer, and none was found in PATH, /usr/local/go or /usr/lib/go-*.
  Debian 13, Ubuntu 24.04: apt-get install golang-go (it fetches Go $wanted by itself)
  Debian 12:               its Go is too old; take https://go.dev/dl/ and unpack it to /usr/local/go
TEXT
}

if [ "${1:-}" = --explain ]; then
  explain
  exit 1
fi

candidates=("$(command -v go || true)" /usr/local/go/bin/go)
mapfile -t -O 2 candidates < <(printf '%s\n' /usr/lib/go-*/bin/go | sort -rV)
for go in "${candidates[@]}"; do
  if [ -x "$go" ] && new_enough "$go"; then
    echo "$go"
    exit 0
  fi
done
exit 1
