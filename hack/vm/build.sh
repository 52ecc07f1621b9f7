#!/usr/bin/env bash
# Builds the guest of hack/vm.sh into a directory: disk (ext4, sparse), kernel, initrd, and key, which lets ssh in.
#   hack/vm/build.sh DIRECTORY
# Needs no root: mmdebstrap unpacks Debian in a user namespace, and mke2fs fills the disk without mounting it.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=${1:?usage: hack/vm/build.sh DIRECTORY}
log=$(dirname "$image")/build.log
release=trixie
PATH=$PATH:/usr/sbin:/sbin # an ordinary user's has no mke2fs

packages=(
  systemd-sysv dbus-user-session libpam-systemd # an init, and for each user a manager and a bus
  openssh-server busybox-static iproute2        # a way in, the initrd, a network
  uidmap slirp4netns passt                      # what rootless containers use
  podman crun runc conmon netavark catatonit    # engines, and runtimes to compare with
  golang-github-containers-common bubblewrap procps
  linux-image-cloud-amd64
)

say() { printf 'vm: %s\n' "$*" >&2; }

work=$(mktemp -d "$image.XXXXXX")
cleanup() { as_owner rm -rf "$work"; }
trap cleanup EXIT

# as_owner COMMAND…: as one who may give files to any user: root, or who is root in a namespace.
as_owner() {
  if [ "$(id -u)" = 0 ]; then "$@"; else "${URUN:-bin/urun}" unshare "$@"; fi
}

# sources prints lines of sources.list with the mirrors that this machine uses; none where it is not Debian, and mmdebstrap
# then takes Debian's own.
sources() {
  # shellcheck disable=SC2016 # apt expands these
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' | sort -u |
    awk -v release="$release" '
      $2 ~ /-security$/ { print "deb", $1, release "-security main" }
      $2 ~ /-updates$/ { print "deb", $1, release "-updates main" }
      $2 !~ /-/ && !main { main = 1; print "deb", $1, release " main" }'
}

# bootstrap writes the guest's root file system to stdout as an archive. Proxies and the like of this machine's apt hold
# there, too. INITRD: the kernel's package need not make one, inside.sh does. TMPDIR: a place that sub-ids may enter.
bootstrap() {
  sources >"$work/sources.list"
  apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' >"$work/apt.conf" || true
  [ ! -s "$work/sources.list" ] || set -- "$work/sources.list"
  # shellcheck disable=SC2016 # $1 is the hook's
  INITRD=No TMPDIR=/var/tmp mmdebstrap --variant=minbase --include="$(IFS=, && echo "${packages[*]}")" --aptopt="$work/apt.conf" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --format=tar \
    --customize-hook='upload hack/vm/inside.sh /root/inside.sh' \
    --customize-hook="upload $work/key.pub /etc/ssh/authorized_keys" \
    --customize-hook='chroot "$1" sh -eu /root/inside.sh' \
    --customize-hook="download /boot/kernel $work/kernel" \
    --customize-hook="download /boot/initrd $work/initrd" \
    "$release" - "$@"
}

[ "$(dpkg --print-architecture)" = amd64 ] || {
  say "the guest is made for amd64 only; on $(uname -m) run the tests of test/vm on a machine with systemd"
  exit 1
}
say "building the guest: Debian $release with ${#packages[@]} packages and what they need (log: $log)"
ssh-keygen -q -t ed25519 -N '' -C urun-vm -f "$work/key"
mkdir "$work/root"
if ! bootstrap 2>"$log" | as_owner tar -x --numeric-owner --exclude './dev/*' -C "$work/root"; then
  tail -n 20 "$log" >&2
  exit 1
fi
truncate -s 8G "$work/disk"
as_owner mke2fs -q -t ext4 -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -d "$work/root" "$work/disk"
mkdir "$work/done"
mv "$work"/{disk,kernel,initrd,key} "$work/done"
mv -T "$work/done" "$image"
rm "$log"
say "the guest is in $image, $(du -m "$image/disk" | cut -f 1) MB"
