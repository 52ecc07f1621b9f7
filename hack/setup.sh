#!/usr/bin/env bash
# Installs what this checkout needs and the machine lacks: nothing, when nothing is missing. Every package and every
# setting is named with its reason before anything happens. As root directly, as a user with sudo.
#   hack/setup.sh            what building and running needs
#   hack/setup.sh --test     what the tests need as well
#   hack/setup.sh --vm       what the tests in a guest need as well (make test-vm)
#   hack/setup.sh --ci       what the checks of .ci/run need as well
#   hack/setup.sh --bench    the runtimes that urun is measured against as well
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: $*  (neither root nor sudo here)"
  fi
}

missing=()

# want PACKAGE REASON: remembers a package to install.
want() {
  say "$1 is missing: $2"
  missing+=("$1")
}

# need COMMAND PACKAGE REASON: the same, unless the command is there.
need() {
  # sbin is not in an ordinary user's PATH, but what lies there is installed.
  PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || want "$2" "$3"
}

install_missing() {
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get update -qq || say "apt-get update had trouble; trying with the lists that are there"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# newest_go_package prints the newest golang-1.N of the distribution.
newest_go_package() {
  apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-go$' | sort -V | tail -n 1
}

need_go() {
  hack/find-go.sh >/dev/null && return 0
  local package
  package=$(newest_go_package)
  if [ -z "$package" ]; then
    as_root apt-get update -qq || true
    package=$(newest_go_package)
  fi
  [ -n "$package" ] || hack/find-go.sh --explain
  [ -x "/usr/lib/go-${package//[!0-9.]/}/bin/go" ] || want "$package" "urun is written in Go"
}

# have_go makes sure of a Go that is new enough, by an older one if need be.
have_go() {
  hack/find-go.sh >/dev/null && return 0
  local old
  old=$(printf '%s\n' /usr/lib/go-*/bin/go | sort -rV | head -n 1)
  [ ! -x "$old" ] || hack/fetch-go.sh "$old"
  hack/find-go.sh >/dev/null || hack/find-go.sh --explain
}

# own_subids USER: ranges of ids for a user who has none. Whoever gets them from LDAP has them without these files.
own_subids() {
  local user=$1 start
  if grep -qE "^($user|$(id -u "$user")):" /etc/subuid 2>/dev/null && grep -qE "^($user|$(id -u "$user")):" /etc/subgid 2>/dev/null; then
    return 0
  fi
  grep -q '^subid:' /etc/nsswitch.conf 2>/dev/null && return 0
  start=$(cat /etc/subuid /etc/subgid 2>/dev/null | awk -F : 'BEGIN { m = 100000 } $2 + $3 > m { m = $2 + $3 } END { print m }')
  say "$user has no sub-ids: a container with more than one user needs a range in /etc/subuid and /etc/subgid"
  as_root usermod --add-subuids "$start-$((start + 65535))" --add-subgids "$start-$((start + 65535))" "$user"
}

# test_user: containers of root are not what urun is about, so that root's demo and tests run as an ordinary user.
test_user() {
  id urun-dev >/dev/null 2>&1 && return 0
  say "adding the ordinary user urun-dev: root started this, and urun is shown and tested without root"
  as_root useradd --create-home --shell /bin/bash urun-dev
}

# allow_userns: Ubuntu lets only programs with an AppArmor profile use what a user namespace gives.
allow_userns() {
  local restricted=/proc/sys/kernel/apparmor_restrict_unprivileged_userns profile=/etc/apparmor.d/urun-checkout
  [ "$(cat "$restricted" 2>/dev/null || echo 0)" = 1 ] || return 0
  local text
  text=$(hack/apparmor-profile.sh urun-checkout "$PWD/bin/urun" '/tmp/urun-work.*/**')
  [ "$(cat "$profile" 2>/dev/null)" = "$text" ] && return 0
  say "AppArmor restricts user namespaces here: adding $profile for this checkout's programs"
  printf '%s\n' "$text" | as_root tee "$profile" >/dev/null
  as_root apparmor_parser -r "$profile"
}

need_basics() {
  need newuidmap uidmap "newuidmap and newgidmap map a user's sub-ids into a container"
  need ps procps "urun ps shows a container's processes in the words of ps"
  need setpriv util-linux "setpriv leaves root behind where root started this"
  need git git "the binary carries the commit it was built from"
  need dpkg-deb dpkg "unpacks redis for the demo and the tests"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || want ca-certificates "Go fetches modules over TLS"
  need_go
}

need_tests() {
  need podman podman "an engine that urun is tested under"
  need conmon conmon "podman's companion of each container"
  need slirp4netns slirp4netns "the way out of a container's own network"
  need pasta passt "another way out"
  need bwrap bubblewrap "another sandbox, in which urun is tested"
  need dbus-daemon dbus-daemon "a real message bus, to which urun's client of systemd is held"
  [ -e /usr/share/containers/seccomp.json ] || want golang-github-containers-common "podman's system call filter is tried"
}

need_vm() {
  need qemu-system-x86_64 qemu-system-x86 "runs the guest with systemd and cgroup v2, with or without KVM"
  need mmdebstrap mmdebstrap "unpacks Debian for the guest, as an ordinary user"
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || want debian-archive-keyring "by its keys the guest's packages are checked"
  need mke2fs e2fsprogs "makes the guest's disk"
  need ssh openssh-client "the way into the guest"
}

case "${1:-}" in
  '') ;;
  --test) need_tests ;;
  --vm) need_vm ;;
  --ci)
    need_tests
    need_vm
    need shellcheck shellcheck "checks the scripts in hack/"
    ;;
  --bench)
    need runc runc "one of the runtimes to compare with"
    need crun crun "one of the runtimes to compare with"
    need podman podman "one of the programs to compare with"
    ;;
  *) die "unknown option $1" ;;
esac
need_basics
install_missing
have_go
if [ "$(id -u)" = 0 ]; then
  test_user
  own_subids urun-dev
else
  own_subids "$(id -un)"
fi
allow_userns
