#!/usr/bin/env bash
# Runs a command, as root, where /sys/fs/cgroup is a cgroup v2 tree that urun-dev may use, in a mount namespace of its
# own: the machine's mounts stay as they are. For hosts that mix cgroup v1 and v2, which crun refuses. The controllers
# remain bound to v1 there, so nothing is limited; freezing, killing and counting work.
#   hack/own-cgroup2.sh make bench
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift

tree=/sys/fs/cgroup
mount -t cgroup2 cgroup2 "$tree"
here=$tree/urun-$$
home=$(sed -n 's/^0:://p' /proc/self/cgroup)

cleanup() {
  echo $$ >"$tree$home/cgroup.procs"
  find "$here" -depth -type d -exec rmdir {} + 2>/dev/null || echo "own-cgroup2: $here is left" >&2
}
trap cleanup EXIT

mkdir "$here"
chown -R urun-dev: "$here"
echo $$ >"$here/cgroup.procs"
# The user sees it as the root of the hierarchy, which is what a delegated tree looks like from inside.
# shellcheck disable=SC2016 # it expands inside
unshare --cgroup --mount bash -c 'umount "$0" && mount -t cgroup2 cgroup2 "$0" && exec "$@"' "$tree" "$@"
