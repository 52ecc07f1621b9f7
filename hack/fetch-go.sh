#!/usr/bin/env bash
# Fetches the Go that go.mod asks for, where the distribution's own is too old to do so by itself (Debian 12): a toolchain
# is a module like any other, so an old go downloads it, and checks it against the public checksum database.
#   hack/fetch-go.sh OLD_GO
set -euo pipefail
cd "$(dirname "$0")/.."

old=$1
cache=$(hack/find-go.sh --cache)
wanted=$(sed -n 's/^go \([0-9.]*\).*/\1/p' go.mod)
arch=$("$old" env GOARCH)
echo "fetch-go: Go $wanted into $cache" >&2
mkdir -p "$cache"
cd "$cache" # outside of the module, which the old go cannot read
GOFLAGS=-modcacherw GOMODCACHE=$cache "$old" mod download "golang.org/toolchain@v0.0.1-go$wanted.linux-$arch"
# A module's files are never executable, and those of others must be able to read them.
chmod -R a+rX "$cache"
chmod +x "$cache"/golang.org/toolchain@*/bin/* "$cache"/golang.org/toolchain@*/pkg/tool/*/*
