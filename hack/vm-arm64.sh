#!/usr/bin/env bash
# Runs tests on an emulated arm64 machine: Debian's kernel, an initrd with what rootless containers use, and an ordinary user
# with sub-ids and a cgroup v2 tree. Each package has a machine of its own, which is up after some ten seconds.
#   hack/vm-arm64.sh test [flags and packages of go test]  all of pkg and test, unless packages are named
#   hack/vm-arm64.sh build                                 makes its image, unless it is there; test does so too
#   hack/vm-arm64.sh run PROGRAM [ARG…]                    runs a test program, for go test -exec
# Needs cpio, mmdebstrap and qemu-system-arm. The image is kept below /var/cache/urun/vm-arm64, or an ordinary user's
# ~/.cache/urun/vm-arm64, until the scripts that make it change. No part of make test: it takes half an hour.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(id -u)" = 0 ]; then cache=/var/cache/urun/vm-arm64; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/urun/vm-arm64; fi
recipe=$(cat "$0" "$here"/vm-arm64/*.sh | sha256sum)
image=$cache/${recipe:0:12}
packages=(
  busybox-static bash dash coreutils grep sed util-linux procps iproute2
  uidmap slirp4netns passt bubblewrap podman conmon golang-github-containers-common redis-server dbus-daemon
  linux-image-cloud-arm64
)

die() {
  printf 'vm-arm64: %s\n' "$*" >&2
  exit 1
}

build() (
  [ ! -d "$image" ] || return 0
  local program
  for program in cpio mmdebstrap qemu-system-aarch64; do
    command -v "$program" >/dev/null || die "$program is missing: apt-get install cpio mmdebstrap qemu-system-arm"
  done
  mkdir -p "$cache"
  find "$cache" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +
  work=$(mktemp -d "$image.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' >"$work/apt.conf" || true
  # shellcheck disable=SC2016 # $1 is the hook's
  TMPDIR=/var/tmp mmdebstrap --variant=extract --architectures=arm64 --format=null --include="$(IFS=, && echo "${packages[*]}")" \
    --aptopt="$work/apt.conf" --aptopt='APT::Install-Recommends "false"' \
    --extract-hook="upload $here/vm-arm64/init.sh /init" \
    --extract-hook="upload $here/vm-arm64/pack.sh /root/pack.sh" \
    --extract-hook='sh "$1/root/pack.sh" "$1"' \
    --extract-hook="download /boot/kernel $work/kernel" \
    --extract-hook="download /boot/initrd $work/initrd" trixie - 2>"$work/log" ||
    die "the image cannot be made: $(tail -n 20 "$work/log")"
  mv -T "$work" "$image" 2>/dev/null || [ -d "$image" ] # somebody else's
)

# archive DIRECTORY prints what the kernel unpacks over its initrd.
archive() { (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0); }

# machine INITRD: its console is stdout.
machine() {
  # pauth-impdef: keyed in a way that is quick to emulate.
  exec qemu-system-aarch64 -nodefaults -no-user-config -display none -no-reboot -machine virt -cpu max,pauth-impdef=on \
    -accel tcg,thread=multi,tb-size=512 -smp 2 -m 3072 -kernel "$image/kernel" -initrd "$1" -serial stdio -monitor none \
    -append 'quiet console=ttyAMA0 nokaslr mitigations=off audit=0 cryptomgr.notests panic=-1' </dev/null
}

# run PROGRAM ARG…: with what lies in testdata beside it, and the programs that test has built. What the machine says before
# the tests begin is told only if they never do.
run() {
  local boot='' begun='' code='' line
  work=$(mktemp -d /tmp/urun-vm-arm64.XXXXXX)
  trap '[ -z "${qemu:-}" ] || kill "$qemu" 2>/dev/null; rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM QUIT
  mkdir -p "$work/root/tests/here" "$work/root/opt/urun"
  cp "$URUN_VM_PROGRAMS"/* "$work/root/opt/urun"
  cp "$1" "$work/root/tests/here" # under its own name: tests look for it
  [ ! -d testdata ] || cp -r testdata "$work/root/tests/here"
  {
    echo 'export URUN=/opt/urun/urun URUN_TEST_INSIDE=/opt/urun/inside URUN_REDIS_BUNDLE=/opt/urun/redis URUN_TEST_SLOW=20'
    echo 'export URUN_TEST_TUN=1 URUN_TEST_CGROUP=tree'
    echo "cp -r /tests/here /tmp && cd /tmp/here && ./$(printf '%q ' "$(basename "$1")" "${@:2}")"
  } >"$work/root/tests/run"
  { cat "$image/initrd" && archive "$work/root"; } >"$work/initrd"
  exec 3< <(machine "$work/initrd")
  qemu=$!
  while IFS= read -r line <&3; do
    line=${line%$'\r'}
    case $line in
      'urun-vm: begin') begun=1 ;;
      'urun-vm: exit '*) begun='' code=${line##* } ;;
      *) if [ -n "$begun" ]; then printf '%s\n' "$line"; else boot+=$line$'\n'; fi ;;
    esac
  done
  [ -z "$code" ] || exit "$code"
  die "the machine stopped${begun:+ while tests ran}: $boot"
}

# run_tests FLAGS…: go test, whose test programs run in the machine.
run_tests() {
  build
  cd "$here/.."
  PATH=$(dirname "$(hack/find-go.sh)"):$PATH
  export PATH CGO_ENABLED=0 GOARCH=arm64
  programs=$(mktemp -d /tmp/urun-arm64.XXXXXX)
  trap 'rm -rf "$programs"' EXIT
  go build -trimpath -ldflags '-s -w' -o "$programs" ./cmd/urun ./cmd/urun-monitor ./test/inside
  export URUN_VM_PROGRAMS=$programs
  # By themselves not what holds pages of docs/ or a generated file against the tree, which is not there.
  [ $# -gt 0 ] || set -- -skip 'Conformance|NoticeIsOnThePage|TestCurrent$' ./pkg/... ./test
  go test -count=1 -timeout 60m -p 1 -exec "'$here/vm-arm64.sh' run" "$@"
}

command=${1:-}
shift || true
case $command in
  build | run) "$command" "$@" ;;
  test) run_tests "$@" ;;
  *) die "usage: hack/vm-arm64.sh test [flags and packages of go test]|build|run PROGRAM [ARG…]" ;;
esac
