#!/usr/bin/env bash
# Copies this checkout's sources, without its history and without what was built, into a directory.
set -euo pipefail
cd "$(dirname "$0")/.."

# git knows what belongs to the tree; where it will not say (somebody else's checkout, a tarball) everything does.
if git rev-parse --git-dir >/dev/null 2>&1; then
  # A file that is deleted and not yet committed is listed and not there.
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done | tar --null --no-recursion -T - -cf - | tar -xf - -C "$1"
else
  tar --exclude=./.git --exclude=./bin --exclude=./redis -cf - . | tar -xf - -C "$1"
fi
