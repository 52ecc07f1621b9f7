#!/usr/bin/env bash
# Runs a command of this checkout without root, in the checkout's directory or a copy of it:
#   hack/as-user.sh hack/tour.sh
# An ordinary user runs it as they are. Root runs it as urun-dev (made by hack/setup.sh), in a copy of the tree, because
# a clone below /root cannot be read by anybody else. The command finds in its environment
#   URUN             the binary, with urun-monitor beside it; root's copies belong to root, as installed ones do
#   XDG_RUNTIME_DIR  the user's own, or a new private directory where there is none
#   TMPDIR           a private directory, gone afterwards
set -euo pipefail
cd "$(dirname "$0")/.."

# Below /tmp, whatever root's TMPDIR is: others must be able to enter it, and paths of sockets are short.
work=$(mktemp -d /tmp/urun-work.XXXXXX)

cleanup() {
  # What a container's other users left belongs to sub-ids: only root, or the user in a namespace, may remove it.
  rm -rf "$work" 2>/dev/null || "${URUN:-bin/urun}" unshare rm -rf "$work" || echo "as-user: $work is left" >&2
  [ ! -d "${runtime:-}" ] || rm -rf "$runtime"
}
trap cleanup EXIT

# private_dir USER TEMPLATE: a directory for one user; prints its path.
private_dir() {
  local dir
  dir=$(mktemp -d "$2")
  chown "$1:" "$dir"
  echo "$dir"
}

# settings prints as NAME=VALUE what root was told about Go and the network; --reset-env would lose it.
settings() {
  local name value
  for name in GOPROXY GOSUMDB GONOSUMDB GONOPROXY GOPRIVATE GOINSECURE GOTOOLCHAIN; do
    value=$(go env "$name")
    [ -z "$value" ] || echo "$name=$value"
  done
  for name in CI TERM http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE; do
    value=${!name:-}
    [ -z "$value" ] || echo "$name=$value"
  done
  echo "GOFLAGS=-buildvcs=false" # the copy has no history to be stamped with
}

copy_for_user() {
  local user=$1
  chmod 0755 "$work"
  mkdir "$work/tree" "$work/bin"
  hack/copy-tree.sh "$work/tree"
  chown -R "$user:" "$work/tree"
  local program
  for program in urun urun-monitor; do
    [ ! -e "bin/$program" ] || install -m 0755 "bin/$program" "$work/bin/$program"
  done
}

PATH=$(dirname "$(hack/find-go.sh)"):$PATH
export PATH
plain_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

if [ "$(id -u)" != 0 ]; then
  if [ ! -O "${XDG_RUNTIME_DIR:-/nonexistent}" ]; then
    runtime=$(private_dir "$(id -un)" /tmp/urun-run.XXXXXX)
    export XDG_RUNTIME_DIR=$runtime
  fi
  URUN=${URUN:-$PWD/bin/urun} TMPDIR=$(private_dir "$(id -un)" "$work/tmp.XXXXXX") "$@"
  exit
fi

user=urun-dev
copy_for_user "$user"
runtime=$(private_dir "$user" /tmp/urun-run.XXXXXX)
mapfile -t environment < <(settings)
cd "$work/tree"
setpriv --reuid "$user" --regid "$user" --init-groups --reset-env -- \
  env "${environment[@]}" "PATH=${PATH%%:*}:$plain_path" "URUN=$work/bin/urun" "XDG_RUNTIME_DIR=$runtime" \
  "TMPDIR=$(private_dir "$user" "$work/tmp.XXXXXX")" "$@"
