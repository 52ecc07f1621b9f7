#!/usr/bin/env bash
# make test-vm: what needs systemd, cgroup v2 and a user's session is tested in a guest that has them (hack/vm.sh).
#   hack/test-vm.sh [flags and packages of go test]
# With flags only that is run, as URUN_VM_USER (dev); with URUN_VM in the guest that runs there, which goes on running.
set -euo pipefail
cd "$(dirname "$0")/.."

hack/setup.sh --vm
PATH=$(dirname "$(hack/find-go.sh)"):$PATH
export PATH CGO_ENABLED=0 # what runs in the guest cannot count on the host's libraries
make --no-print-directory build

work=$(mktemp -d /tmp/urun-vm.XXXXXX)
cleanup() {
  trap '' INT TERM
  for vm in "$work"/guest*; do
    [ ! -d "$vm" ] || URUN_VM=$vm hack/vm.sh stop
  done
  rm -rf "$work"
}
trap cleanup EXIT

# What the tests find in the guest, as hack/vm.sh run says; it belongs to root, as installed programs do.
mkdir "$work/urun"
go build -trimpath -ldflags '-s -w' -o "$work/urun/inside" ./test/inside
cp bin/urun bin/urun-monitor "$work/urun"
hack/redis-bundle.sh "$work/urun/redis"

# guest NAME: a new one, which those after it work in.
guest() {
  export URUN_VM=$work/guest-$1
  hack/vm.sh start
  provide
}

provide() { tar -C "$work" -c urun | hack/vm.sh ssh root tar -x --no-same-owner -C /opt; }

# in_guest FLAGS…: go test, whose test programs run in the guest.
in_guest() {
  go test -count=1 -timeout 60m -p 1 -tags vm -exec "'$PWD/hack/vm.sh' run" "$@"
}

# named FLAGS…: the same, with the name of each test.
named() {
  in_guest -v "$@" | grep -v '^=== '
}

# These do something many times over or in a very big way. It shows nothing new in the guest, and takes minutes there.
large='Overwritten|NothingOfTheHost|ShortCommand|BadConfigs/100000|SIGKILLInTheMiddle|MountOptions|LockedFlags|ThroughADescriptor|MapsAreChecked'
# These hold the pages of docs/ against the tree, which is not in the guest.
pages='Conformance|NoticeIsOnThePage'

# share TURNS: those tests of ./test whose turn, 0 to 4 round and round, is in TURNS.
share() {
  local tests
  tests=$(in_guest -list . ./test | awk -v turns="$1" '
    /^Test/ && index(turns, n++ % 5) { all = all "|" $0 }
    END { print "^(" substr(all, 2) ")$"; exit all == "" }') || return
  in_guest -run "$tests" -skip "$large|$pages" ./test
}

status=0
if [ $# -gt 0 ]; then
  if [ -n "${URUN_VM:-}" ]; then provide; else guest only; fi
  in_guest "$@" || status=$?
else
  # Two guests, as each takes one CPU of this machine (hack/vm.sh).
  guest two
  share 234 &>"$work/two.log" &
  guest one
  echo "test-vm: as dev, who may use every controller"
  named -skip '^TestPlain' ./test/vm || status=$?
  share 01 || status=$?
  echo "test-vm: as plain, who may use those that Debian gives to everybody"
  URUN_VM_USER=plain named -run '^TestPlain' ./test/vm || status=$?
  wait $! || status=$?
  cat "$work/two.log"
fi
[ "$status" = 0 ]
