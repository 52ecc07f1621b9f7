#!/usr/bin/env bash
# Runs a command, as root, where everybody may use /dev/net/tun, in a mount namespace of its own: the machine's own device
# stays as it is. For hosts whose udev has not opened it to users.
#   hack/own-tun.sh hack/as-user.sh hack/test-here.sh ./test -run Network
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift

dir=$(mktemp -d)
mount -t tmpfs -o mode=755 own-tun "$dir"
rmdir_later() { umount -l "$dir" && rmdir "$dir"; }
trap rmdir_later EXIT
[ -e /dev/net/tun ] || { echo "own-tun: no /dev/net/tun; modprobe tun" >&2; exit 1; }
mknod -m 666 "$dir/tun" c 10 200
mount --bind "$dir/tun" /dev/net/tun
"$@"
