#!/usr/bin/env bash
# make bench-vm: what a scope of the user's systemd with limits costs, beside crun, in the guest of hack/vm.sh.
#   hack/bench-vm.sh [-n RUNS]
# With URUN_VM it takes the guest that runs there, and leaves it running. The guest is emulated: look at the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."

hack/setup.sh --vm
PATH=$(dirname "$(hack/find-go.sh)"):$PATH
export PATH CGO_ENABLED=0
make --no-print-directory build

work=$(mktemp -d /tmp/urun-bench-vm.XXXXXX)
cleanup() {
  trap '' INT TERM
  [ -z "${started:-}" ] || hack/vm.sh stop
  rm -rf "$work"
}
trap cleanup EXIT

mkdir "$work/urun-bench"
go build -trimpath -ldflags '-s -w' -o "$work/urun-bench/bench" ./hack/bench
cp bin/urun bin/urun-monitor "$work/urun-bench"

if [ -z "${URUN_VM:-}" ]; then
  export URUN_VM=$work/vm
  started=1
  URUN_VM_THREAD=multi hack/vm.sh start # what runs side by side is to be measured as such
fi
tar -C "$work" -c urun-bench | hack/vm.sh ssh root tar -x --no-same-owner -C /opt
hack/vm.sh ssh dev /opt/urun-bench/bench -cgroups -urun /opt/urun-bench/urun "$@"
