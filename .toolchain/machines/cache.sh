# shellcheck shell=bash
# The cache of what machines are made of; sourced by the scripts that make one entry each:
#
#   entry rootfs-$key "$@" there already: prints its path and ends the script; else $new is an empty folder to fill
#   ...
#   keep                   gives $new its name and prints the path
#
# With `name` as its last argument such a script prints the entry's name and makes nothing. An entry gets its name only when it is whole, so one that is there is good. A lock lets a second run wait for the first, and the
# kernel takes it from one that dies. ABLESTACK_CACHE moves the cache.
cache=${ABLESTACK_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/ablestack-kubernetes}
machines=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # how many things are built at a time by those that source this
jobs=${BUILD_JOBS:-$(nproc)}
architecture=$(dpkg --print-architecture 2>/dev/null || uname -m)

folder= # the entry in hand
new=    # what becomes of it
child=  # the process in hand

say() { printf 'machines: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Only this file system: if something was killed with a mount below it, what is mounted stays.
# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
  if [[ -n $child ]]; then
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  [[ -z $new ]] || rm -rf --one-file-system "$new" "$new.log"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# key PATH...: a short hash of the files (and of those in the folders), named below this folder; words after -- count too.
key() {
  local paths=()
  while (($# > 0)) && [[ $1 != -- ]]; do paths+=("$1") && shift; done
  {
    (cd "$machines" && find "${paths[@]}" -type f -print0 | sort -z | xargs -0 sha256sum)
    (cd "$machines" && find "${paths[@]}" -type l -printf '%p %l\n' | sort)
    printf '%s\n' "$architecture" "$@"
  } | sha256sum | cut -c 1-12
}

entry() {
  local told=0
  if [[ ${*: -1} == name ]]; then
    printf '%s\n' "$1"
    exit
  fi
  folder=$cache/$1
  if [[ -d $folder ]]; then
    printf '%s\n' "$folder"
    exit
  fi
  if ! mkdir -p "$cache" || ! touch "$folder.lock"; then fail "can't write to $cache; set ABLESTACK_CACHE"; fi
  exec 9>"$folder.lock"
  until flock -w 30 9; do
    told=$((told + 30))
    if ((told >= 7200)); then fail "another run has been at work on $folder for two hours"; fi
    say "another run is making $folder, waiting: $told s"
  done
  if [[ -d $folder ]]; then # by the other run
    printf '%s\n' "$folder"
    exit
  fi
  rm -rf --one-file-system "$folder".tmp.* # of runs that were killed
  new=$(mktemp -d "$folder.tmp.XXXXXX")
  chmod 755 "$new"
  say "making $folder"
}

keep() {
  sync -f "$new" # or a power cut could leave a name without its content
  mv -T "$new" "$folder"
  new=
  rm -f "$folder.lock"
  say "made $folder ($(du -sh "$folder" | cut -f 1)) in $SECONDS s"
  printf '%s\n' "$folder"
}

# try SECONDS WHAT COMMAND...: says every minute that it goes on, and ends it after SECONDS. What it says is shown only if it fails. The
# locks are not for children: 8>&- 9>&-.
try() {
  local limit=$1 what=$2 begun=$SECONDS told=$SECONDS status=0
  shift 2
  "$@" >"$new.log" 2>&1 8>&- 9>&- &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if ((SECONDS - begun >= limit)); then
      say "$what: no end after $limit s, stopped"
      kill "$child" 2>/dev/null || true
      break
    fi
    if ((SECONDS - told >= 60)); then
      told=$SECONDS
      say "$what: $((SECONDS - begun)) s"
    fi
    sleep 0.2
  done
  wait "$child" || status=$?
  child=
  ((status == 0)) || tail -n 15 "$new.log" >&2
  rm -f "$new.log"
  ((status == 0)) || fail "$what failed"
}

# need PROGRAM=PACKAGE...: installs the Debian packages whose programs are not there.
need() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}"); done
  if ((${#missing[@]} == 0)); then return; fi
  command -v apt-get >/dev/null || fail "these are missing, and there is no apt-get to install them: ${missing[*]}"
  say "installing ${missing[*]}"
  # One of several sources may not answer; the next line says if that matters.
  try 600 'apt-get update' sh -c 'apt-get -qq update || true'
  try 900 "installing ${missing[*]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"
}
