#!/usr/bin/env bash
# Runs the programs of the OCI runtime-tools validation suite against urun, as whoever calls: test/validation says which, and
# why not the others. Part of make test.
#   hack/validation.sh [flags of go test]
set -euo pipefail
cd "$(dirname "$0")/.."

export URUN=${URUN:-$PWD/bin/urun}
programs=${XDG_CACHE_HOME:-$HOME/.cache}/urun/validation
PATH=$(dirname "$(hack/find-go.sh)"):$PATH
cd test/validation

go mod download
suite=$(go list -m -f '{{.Dir}}' github.com/opencontainers/runtime-tools)
rootfs=$suite/rootfs-$(go env GOARCH).tar.gz
if [ ! -e "$rootfs" ]; then
  echo "validation: not run: the suite has no root file system for $(go env GOARCH)"
  exit
fi

# go build leaves a program alone that is as it would make it; what another version had is removed.
mkdir -p "$programs"
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$programs" tool
tools=$(go list tool)
for file in "$programs"/*; do
  grep -q "/${file##*/}\$" <<<"$tools" || rm "$file"
done

# The suite's root file system, with the program in it that some of its tests forget to put there.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/rootfs"
tar -xf "$rootfs" -C "$work/rootfs"
install -m 0755 "$programs/runtimetest" "$work/rootfs/runtimetest"
tar -czf "$work/rootfs.tar.gz" -C "$work/rootfs" .
URUN_VALIDATION_PROGRAMS=$programs URUN_VALIDATION_SUITE=$suite URUN_VALIDATION_ROOTFS=$work/rootfs.tar.gz \
  go test -count=1 -parallel 8 -timeout 10m "$@" .
