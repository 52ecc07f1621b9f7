#!/usr/bin/env bash
# make reproducible: two builds from two directories, the second without any cache, must give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-$(hack/find-go.sh)}

work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

# build NAME: prints the sum of the binaries built in a copy of the tree of that name.
build() {
  mkdir -p "$work/$1"
  hack/copy-tree.sh "$work/$1"
  make --no-print-directory -C "$work/$1" build GO="$go" STAMP=-buildvcs=false >&2
  cat "$work/$1"/bin/{urun,urun-monitor} | sha256sum
}

first=$(build one)
second=$(GOCACHE=$work/cache build another/place)
echo "first  $first"
echo "second $second"
[ "$first" = "$second" ] || exit 1
echo "reproducible: the same bytes"
