#!/usr/bin/env bash
# Makes a root file system with a real redis-server in it, without root and without an image:
#   hack/redis-bundle.sh redis     makes redis/rootfs
# The distribution's packages are downloaded and unpacked by an ordinary user. The result is kept in the user's cache
# (URUN_CACHE, else XDG_CACHE_HOME/urun, else ~/.cache/urun) and copied from there.
set -euo pipefail

bundle=${1:?usage: hack/redis-bundle.sh DIRECTORY}
cache=${URUN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/urun}
roots=(redis-server redis-tools dash) # dash is /bin/sh

# Packages whose work is done when a package is installed on a host. Nothing that runs in the bundle needs them.
not_wanted='^(adduser|cdebconf|debconf.*|debianutils|dpkg|gcc-.*-base|init-system-helpers|install-info|lsb-base|passwd|perl.*|readline-common|sysvinit-utils|tar|usr-is-merged|usrmerge|libdebian-installer.*|libelogind.*|libnewt.*|libpam-.*|systemd.*|ucf|.*-common)$'

say() { printf 'redis-bundle: %s\n' "$*" >&2; }

release() {
  # shellcheck source=/dev/null
  (. /etc/os-release && echo "$ID-${VERSION_CODENAME:-$VERSION_ID}-$(dpkg --print-architecture)")
}

# Options for apt that make it work on lists and archives of our own, below the cache.
own_lists() {
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
  apt=(-o "Dir::State::lists=$cache/apt/lists" -o "Dir::Cache=$cache/apt/cache" -o Debug::NoLocking=1)
  say "fetching package lists into $cache/apt, because the machine's are missing or old"
  apt-get "${apt[@]}" update -qq >&2 || say "apt-get update had trouble; trying with the lists that came"
}

# closure prints the packages that must be unpacked: Depends and Pre-Depends of the roots and of theirs, always the
# first of several alternatives, stopping at what is not wanted.
closure() {
  apt-cache ${apt[@]+"${apt[@]}"} depends --recurse --important "${roots[@]}" 2>/dev/null |
    awk -v roots="${roots[*]}" -v not_wanted="$not_wanted" '
      /^[^ <]/ { package = $1; alternative = 0; next }
      /^ [ |](Depends|PreDepends): / {
        if (!alternative && $2 !~ /^</) needs[package] = needs[package] " " $2
        alternative = /^ \|/
      }
      function visit(name,    list, i, n) {
        sub(/:.*/, "", name)
        if (name in seen || name ~ not_wanted) return
        seen[name] = 1
        print name
        n = split(needs[name], list, " ")
        for (i = 1; i <= n; i++) visit(list[i])
      }
      END { n = split(roots, list, " "); for (i = 1; i <= n; i++) visit(list[i]) }'
}

download() {
  local packages
  mapfile -t packages < <(closure)
  # The roots alone mean that apt knows nothing about them.
  [ "${#packages[@]}" -gt "${#roots[@]}" ] || return 1
  say "downloading ${packages[*]}"
  (cd "$1" && apt-get ${apt[@]+"${apt[@]}"} download -qq "${packages[@]}" >&2)
}

# skeleton makes what packages expect to be there: the merged /usr, the usual directories, two users.
skeleton() {
  local dir
  mkdir -p "$1"/{dev,etc,proc,root,run,sys,tmp,var,usr/bin,usr/sbin,usr/lib,usr/lib64}
  for dir in bin sbin lib lib64; do
    ln -s "usr/$dir" "$1/$dir"
  done
  chmod 1777 "$1/tmp"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'redis:x:999:999:redis:/:/bin/sh' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' 'redis:x:999:' >"$1/etc/group"
}

# unpack takes apart every package below a directory; tar keeps the links of the merged /usr.
unpack() {
  local package
  for package in "$1"/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
      tar -x --no-same-owner --keep-directory-symlink --exclude './usr/share/doc*' --exclude './usr/share/man*' -C "$2"
  done
  [ -e "$2/bin/sh" ] || ln -s dash "$2/bin/sh"
}

# build fills the cache. Whoever comes second finds the directory there and throws their own away.
build() {
  local work
  work=$(mktemp -d "$cache/redis.XXXXXX")
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$work'" EXIT
  mkdir "$work/packages"
  apt=()
  if ! download "$work/packages"; then
    own_lists
    download "$work/packages"
  fi
  skeleton "$work/rootfs"
  unpack "$work/packages" "$work/rootfs"
  [ -x "$work/rootfs/usr/bin/redis-server" ] # a link within the root
  mv -T "$work/rootfs" "$1" 2>/dev/null || [ -d "$1" ]
}

kept=$cache/redis-$(release)
mkdir -p "$cache"
[ -d "$kept" ] || build "$kept"
[ ! -e "$bundle/rootfs" ] || exit 0
mkdir -p "$bundle"
rm -rf "$bundle/rootfs.partial"
cp -a --reflink=auto "$kept" "$bundle/rootfs.partial"
mv -T "$bundle/rootfs.partial" "$bundle/rootfs"
