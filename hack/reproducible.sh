#!/usr/bin/env bash
# make reproducible: two builds from two directories, the second without any cache, must give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-$(hack/find-go.sh)}

work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

# build NAME: prints the sum of the binary built in a copy of the tree of that name.
build() {
  mkdir -p "$work/$1"
  hack/copy-tree.sh "$work/$1"
  make --no-print-directory -C "$work/$1" build GO="$go" STAMP=-buildvcs=false >&2
  sha256sum <"$work/$1/bin/urun"
}

first=$(build one)
second=$(GOCACHE=$work/cache build another/place)
echo "first  $first"
echo "second $second"
[ "$first" = "$second" ] || exit 1
echo "reproducible: the same bytes"
