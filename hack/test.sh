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
if [ "$(id -u)" = 0 ]; then
  echo "test: as root"
  URUN_TEST_AS_ROOT=1 hack/test-here.sh ./pkg/... ./test "$@"
fi
[ $# -gt 0 ] || hack/test-vm.sh
