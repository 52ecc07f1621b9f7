#!/usr/bin/env bash
# Builds the bench and an empty Go program (the floor of any Go command's start) and measures as whoever calls.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/urun-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0
go build -o "$work/bench" ./hack/bench
printf 'package main\n\nfunc main() {}\n' >"$work/empty.go"
go build -trimpath -ldflags '-s -w' -o "$work/empty" "$work/empty.go"
"$work/bench" -urun "${URUN:-$PWD/bin/urun}" -empty "$work/empty" "$@"
