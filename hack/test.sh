#!/usr/bin/env bash
# make test: every test, as an ordinary user. Started as root, it runs them as urun-dev in a copy of the tree, and
# then what holds for root too once more as root. At last come those in a guest with systemd (make test-vm); not with
# flags, which are for looking at one thing.
#   hack/test.sh [flags of go test]
set -euo pipefail
cd "$(dirname "$0")/.."

hack/setup.sh --test
PATH=$(dirname "$(hack/find-go.sh)"):$PATH
export PATH
make --no-print-directory build

echo "test: as an ordinary user"
hack/as-user.sh hack/test-here.sh ./... "$@"

echo "test: the OCI validation suite, as an ordinary user"
hack/as-user.sh hack/validation.sh "$@"

# Where the user has no cgroup to write in, those tests were skipped: once more, with a tree or a scope of their own.
cgroups=(env URUN_TEST_CGROUP=tree hack/test-here.sh ./pkg/cgroup)
if [ "$(id -u)" = 0 ] && hack/own-cgroup2.sh true 2>/dev/null; then
  echo "test: cgroups, as an ordinary user with a cgroup v2 tree"
  hack/own-cgroup2.sh hack/as-user.sh "${cgroups[@]}" "$@"
elif [ "$(id -u)" != 0 ] && systemd-run --user --scope -q true 2>/dev/null; then
  echo "test: cgroups, in a scope of their own"
  systemd-run --user --scope -q -p Delegate=yes "${cgroups[@]}" "$@"
else
  echo "test: cgroups are tested in the guest alone: there is no cgroup v2 tree to be had here"
fi

# The same for networks and /dev/net/tun, which not every host has opened to users.
network=(env URUN_TEST_TUN=1 hack/test-here.sh ./test -run OutOfTheContainer)
if [ "$(id -u)" = 0 ] && hack/own-tun.sh true 2>/dev/null; then
  echo "test: the way out of a container, as an ordinary user with /dev/net/tun"
  hack/own-tun.sh hack/as-user.sh "${network[@]}" "$@"
elif [ -w /dev/net/tun ]; then
  echo "test: the way out of a container"
  "${network[@]}" "$@"
else
  echo "test: the way out of a container is tested in the guest alone: /dev/net/tun is not to be had here"
fi

if [ "$(id -u)" = 0 ]; then
  echo "test: as root"
  URUN_TEST_AS_ROOT=1 hack/test-here.sh ./pkg/... ./test "$@"
fi
[ $# -gt 0 ] || hack/test-vm.sh
