#!/usr/bin/env bash
# A Debian guest with systemd, cgroup v2 and user sessions, for what a test bed without root or systemd cannot show.
#   hack/vm.sh build                  makes its image, unless it is there; start does so too
#   hack/vm.sh start                  boots it; what a guest writes is gone when it stops
#   hack/vm.sh ssh [USER [COMMAND…]]  a shell, or a command, as dev (all controllers delegated), plain (those that Debian
#                                     delegates) or root
#   hack/vm.sh run PROGRAM [ARG…]     runs a test program as URUN_VM_USER (dev), for go test -exec
#   hack/vm.sh stop
# Without KVM both CPUs of the guest take turns on one of this machine. URUN_VM_THREAD=multi gives them two, which is a third faster;
# but where qemu is older than 8.1 the guest then panics now and then: a kernel that changes its own text (for a static key, say)
# while the other CPU's is being translated meets a breakpoint that is no longer there (qemu commit deba78709a).
# URUN_VM names the directory of the running guest, so that there can be several. The image is kept below
# /var/cache/urun/vm, or an ordinary user's ~/.cache/urun/vm, until the scripts that make it change.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(id -u)" = 0 ]; then cache=/var/cache/urun/vm; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/urun/vm; fi
recipe=$(cat "$here"/vm/*.sh | sha256sum)
image=$cache/${recipe:0:12}
vm=${URUN_VM:-$cache/running}

say() { printf 'vm: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# One builds, others wait for it. Images of old recipes go after two weeks.
build() {
  [ ! -d "$image" ] || return 0
  mkdir -p "$cache"
  (
    flock 9
    [ -d "$image" ] || "$here/vm/build.sh" "$image"
  ) 9>"$cache/lock"
  find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +14 ! -path "$image" ! -path "$vm" -exec rm -rf {} +
}

# pid prints the running guest's process, if that still is what it was: numbers are used again.
pid() {
  local pid
  pid=$(cat "$vm/pid" 2>/dev/null) && grep -qaF "$vm/console" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# ended: by itself. An emulator may fail, and a kernel bring itself down.
ended() { grep -qs '^qemu ended' "$vm/qemu.log"; }

# last_words prints what its kernel and qemu said at the end.
last_words() { tail -qn 50 "$vm/console" "$vm/qemu.log" 2>/dev/null || true; }

# boot ACCELERATOR: fails where the machine cannot do that, or nothing is heard of the guest in time.
boot() {
  local patience=300 args
  [ "$1" != kvm ] || patience=30
  # shellcheck disable=SC2054 # commas within words are qemu's
  args=(
    -nodefaults -no-user-config -display none -no-reboot -pidfile "$vm/pid"
    -machine q35,usb=off,vmport=off,smm=off,sata=off,i8042=off -accel "$1" -cpu max,la57=off -smp "$(nproc)" -m 2048
    -kernel "$image/kernel" -initrd "$image/initrd"
    -append 'quiet console=ttyS0 net.ifnames=0 mitigations=off nokaslr audit=0 cryptomgr.notests oops=panic panic=-1'
    # The image stays as it is: writes go to a file that has no name and ends with qemu.
    -drive "file=$image/disk,if=virtio,format=raw,snapshot=on,cache=unsafe"
    -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$(cat "$vm/port")-:22" -device virtio-net-pci,netdev=net,romfile=
    -device virtio-rng-pci -serial "file:$vm/console"
  )
  rm -f "$vm/console" "$vm/qemu.log" # those of another try
  # A daemon of qemu's own making tells nobody how it ended. This shell waits for it, in a session of its own.
  # shellcheck disable=SC2016 # it expands these
  setsid bash -c '"$@"; echo "qemu ended with status $?" >&2' - \
    qemu-system-x86_64 "${args[@]}" </dev/null >/dev/null 2>"$vm/qemu.log" &
  for ((i = 0; i < patience * 10; i++)); do
    ! grep -qs urun-vm-ready "$vm/console" || return 0
    ! ended || return 1
    sleep 0.1
  done
  return 1
}

start() {
  build
  ! pid >/dev/null || die "the guest in $vm runs already"
  trap stop EXIT # unless it comes up
  mkdir -p "$vm"
  chmod 0700 "$vm"
  ln -s "$image" "$vm/image"
  free_port >"$vm/port"
  up || die "the guest did not come up: $(last_words)"
  trap - EXIT
}

up() {
  # There are machines where /dev/kvm is there and does not work.
  if [ -w /dev/kvm ] && [ ! -e "$image/no-kvm" ]; then
    if boot kvm; then return 0; fi
    say "KVM does not work here; from now on without"
    touch "$image/no-kvm"
    end
  fi
  boot "tcg,thread=${URUN_VM_THREAD:-single},tb-size=512"
}

# free_port prints a port that nobody listens on.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

end() {
  local pid
  pid=$(pid) || return 0
  kill "$pid"
  for ((i = 0; i < 200; i++)); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.05
  done
  kill -KILL "$pid"
}

stop() {
  end
  rm -rf "$vm"
}

# into USER [COMMAND…]: the key and the address are our own, there is nothing to learn about them.
into() {
  local user=${1:-dev}
  shift || true
  [ -e "$vm/port" ] || die "there is no guest in $vm: hack/vm.sh start"
  ssh -F /dev/null -q -i "$vm/image/key" -p "$(cat "$vm/port")" -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o ConnectTimeout=60 -o ServerAliveInterval=60 -o ServerAliveCountMax=5 "$user@127.0.0.1" "$@"
}

# run PROGRAM ARG…: with what lies in testdata beside it, in a scope of the user's own manager, which a login's is not.
run() {
  local program=$1 dir files
  shift
  dir=tests/$(basename "$PWD")
  files=(-C "$(dirname "$program")" "$(basename "$program")")
  [ ! -d testdata ] || files+=(-C "$PWD" testdata)
  tar -c "${files[@]}" | into "${URUN_VM_USER:-dev}" "mkdir -p $dir && cd $dir && tar -x &&
    export URUN=/opt/urun/urun URUN_TEST_INSIDE=/opt/urun/inside URUN_REDIS_BUNDLE=/opt/urun/redis URUN_TEST_SLOW=20 URUN_TEST_TUN=1 &&
    systemd-run --user --scope --quiet --property Delegate=yes ./$(printf '%q ' "$(basename "$program")" "$@") </dev/null" ||
    outcome $?
}

# outcome STATUS: 255 is of ssh itself, when the connection breaks.
outcome() {
  [ "$1" = 255 ] || exit "$1"
  sleep 1 # qemu closes its connections before it ends
  die "lost the guest while a program ran in it; the last that was heard: $(last_words)"
}

command=${1:-}
shift || true
case $command in
  build | start | run | stop) "$command" "$@" ;;
  ssh) into "$@" ;;
  *) die "usage: hack/vm.sh build|start|ssh [USER [COMMAND…]]|run PROGRAM [ARG…]|stop" ;;
esac
