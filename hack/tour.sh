#!/usr/bin/env bash
# The tutorial of README.md with a real redis-server, each command shown before it runs. Runs as an ordinary user
# (hack/as-user.sh) with the binary that URUN names, and fails when anything is not as the tutorial says.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" = 0 ]; then
  echo "tour: this is about not being root; run make demo" >&2
  exit 1
fi
checkout=$PWD
urun=${URUN:-$checkout/bin/urun}
work=$(mktemp -d "${TMPDIR:-/tmp}/urun-tour.XXXXXX")
log=$work/redis.log

die() {
  printf 'tour: %s\n' "$*" >&2
  [ ! -s "$log" ] || sed 's/^/  redis.log: /' "$log" >&2
  exit 1
}

cleanup() {
  urun delete --force redis >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

urun() { "$urun" "$@"; }

# typed WORDS…: a command as one would type it.
typed() {
  local word line='$'
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=,:@+-]* | '') line="$line '$word'" ;;
      *) line="$line $word" ;;
    esac
  done
  printf '\n%s\n' "$line"
}

# show COMMAND…: prints it, then runs it.
show() {
  typed "$@"
  "$@"
}

# gives WANT COMMAND…: the same, and the answer must be exactly this.
gives() {
  local want=$1 answer
  shift
  typed "$@"
  answer=$("$@") || die "$* ended with status $?"
  [ -z "$answer" ] || printf '%s\n' "$answer"
  [ "$answer" = "$want" ] || die "$* should have answered $want"
}

make_bundle() {
  show hack/redis-bundle.sh "$work/redis"
  show cd "$work"
  show urun spec --rootless --bundle redis
  show sed -i 's/"sh"/"redis-server", "--save", ""/; s/"terminal": true/"terminal": false/' redis/config.json
  grep -q '"redis-server", "--save", ""' redis/config.json || die "config.json of urun spec has no sh to replace"
  ! grep -q '"terminal": true' redis/config.json || die "config.json of urun spec still wants a terminal"
}

# wait_for_redis: ready when it answers, at most 20 seconds.
wait_for_redis() {
  local i
  for i in $(seq 100); do
    kill -0 "$1" 2>/dev/null || die "urun run redis ended before redis answered"
    [ "$(urun exec redis redis-cli ping 2>/dev/null)" != PONG ] || return 0
    sleep 0.2
  done
  die "redis did not answer within 20 seconds ($i tries)"
}

look_around() {
  show urun list
  show urun ps redis
  show urun state redis
  gives PONG urun exec redis redis-cli ping
  gives OK urun exec redis redis-cli set greeting hello
  gives hello urun exec redis redis-cli get greeting
}

stop() {
  local status=0
  show urun kill redis TERM
  wait "$1" || status=$?
  [ "$status" = 0 ] || die "urun run redis ended with status $status"
  printf '\nurun run redis has ended, as redis did: with status 0.\n'
}

nothing_is_left() {
  gives '' urun list --quiet
  ! kill -0 "$1" 2>/dev/null || die "redis still runs as pid $1"
  [ ! -e "${XDG_RUNTIME_DIR:-/nonexistent}/urun/redis" ] || die "$XDG_RUNTIME_DIR/urun/redis is left"
}

printf 'This is %s (uid %s) with %s.\n' "$(id -un)" "$(id -u)" "$urun"
make_bundle
printf '\n$ urun run redis >redis.log &\n'
# Not through the function: $! must be urun itself.
"$urun" run redis >"$log" 2>&1 </dev/null &
run=$!
wait_for_redis "$run"
pid=$(urun state redis | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
look_around
stop "$run"
nothing_is_left "$pid"
show tail -n 4 "$log"
printf '\nA real redis-server ran without root and is gone.\n'
