#!/usr/bin/env bash
#
# Prints what to put in front of PATH so that the real Pulumi engine runs:
#
#   PATH="$(.toolchain/pulumi/find.sh):$PATH" pulumi up
#
# One line on stdout: a folder, or several with colons between. Everything else goes to stderr. It takes the
# first of
#
#   path      Pulumi as installed on this machine
#   (cache)   what one of the next two left there earlier
#   go        a build from source: every module is held to the checksum in the go.sum beside this script, so no
#             address need be trusted; and where there is no way out, asking the module proxy fails in seconds
#   download  the official release archive, trusted because of its address alone
#
# ABLESTACK_PULUMI_SOURCE=path|go|download allows that one only. ABLESTACK_PULUMI_DOWNLOAD_URL is another folder
# of release archives (a mirror). ABLESTACK_CACHE moves the cache. The argument is the checkout in whose
# node_modules to look (default: this one). README.md tells the rest.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "${1:-$here/../..}" && pwd)
allowed=${ABLESTACK_PULUMI_SOURCE:-any}

repository=github.com/pulumi/pulumi
sdk=$repository/sdk/v3
cli_module=$repository/pkg/v3
cli_package=$cli_module/cmd/pulumi
language_package=$sdk/nodejs/cmd/pulumi-language-nodejs
dynamic_script=nodejs/dist/pulumi-resource-pulumi-nodejs # in the SDK's module

say() { printf 'pulumi: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
allows() { [[ $allowed == any || $allowed == "$1" ]]; }

# The go.mod files are the only place that names the versions.
version_in() { awk -v module="$2" '$1 == module && $2 ~ /^v/ { print substr($2, 2); exit }' "$here/$1/go.mod"; }
version=$(version_in cli "$cli_module")
language_version=$(version_in language "$sdk")
go_needed=$(awk '$1 == "go" { print $2 }' "$here/cli/go.mod")

# What pulumi needs besides itself: the first runs programs, the second runs dynamic providers and is a script
# that starts what @pulumi/pulumi holds for it. Beside pulumi they are at home: found without being on PATH, and
# without the engine warning about it.
language=pulumi-language-nodejs
dynamic=pulumi-resource-pulumi-nodejs

case $(uname -m) in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac
os=$(uname -s | tr '[:upper:]' '[:lower:]')

cache=${ABLESTACK_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/ablestack-kubernetes}
folder=$cache/pulumi-$version-$os-$arch
built="go: pulumi $version, pulumi-language-nodejs $language_version"

work=  # the temporary folder of this run
child= # the process in hand
owned= # the lock file that this run made

# shellcheck disable=SC2317 # called by the trap
clean_up() {
  [[ -z $child ]] || kill "$child" 2>/dev/null || true
  [[ -z $work ]] || rm -rf "$work" 2>/dev/null || true
  [[ -z $owned ]] || rm -f "$owned"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# run SECONDS WHAT COMMAND...: says every 30 s that it still goes on, and ends it after SECONDS (not by timeout(1),
# which macOS lacks). What the command says is shown only if it fails. The lock is not for children: 9>&-.
run() {
  local limit=$1 what=$2 begun=$SECONDS told=$SECONDS late='' status=0
  shift 2
  "$@" >"$work/log" 2>&1 9>&- &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if ((SECONDS - begun >= limit)); then
      say "$what: no end after $limit s, stopped"
      kill "$child" 2>/dev/null || true
      late=yes
      break
    fi
    if ((SECONDS - told >= 30)); then
      told=$SECONDS
      say "$what: $((SECONDS - begun)) s"
    fi
    sleep 0.2
  done
  wait "$child" || status=$?
  child=
  [[ -z $late ]] || status=124
  [[ $status == 0 ]] || tail -n 15 "$work/log" >&2
  return "$status"
}

# Prints the version of the pulumi given; nothing if it does not run or is no Pulumi 3. Even `pulumi version` writes
# a log file into its home, hence one for the moment.
version_of() {
  local home
  home=$(mktemp -d)
  PULUMI_HOME=$home PULUMI_SKIP_UPDATE_CHECK=true "$1" version 2>/dev/null | sed -n '1s/^v\{0,1\}\(3\.[0-9].*\)$/\1/p' || true
  rm -rf "$home"
}

# --- path ------------------------------------------------------------------------------------------------------

from_path() {
  local cli found beside npm=$root/node_modules/@pulumi/pulumi
  cli=$(type -P pulumi) || { say 'none on PATH'; return 1; }
  found=$(version_of "$cli")
  [[ -n $found ]] || { say "$cli is on PATH but does not answer as Pulumi 3"; return 1; }
  beside=$(dirname -- "$(readlink -f -- "$cli" || printf '%s' "$cli")")
  has $language || [[ -x $beside/$language ]] || { say "$cli is on PATH, but no $language there or beside it"; return 1; }
  if has $dynamic || [[ -x $beside/$dynamic ]]; then
    # Nothing is missing. The folder that comes first anyway changes nothing; that of pulumi might put another
    # node in front, and an empty line would make the working directory part of PATH.
    folders=${PATH%%:*}
  elif [[ -x $npm/$dynamic ]]; then
    folders=$npm
  else
    say "$cli is on PATH, but no $dynamic there, beside it, or in $npm (npm ci?)"
    return 1
  fi
  say "taking $found from PATH ($cli)"
}

# --- cache -----------------------------------------------------------------------------------------------------

# Whole by construction: the folder gets its name only when everything is in it. The file `source` says what it
# was made from, so that a newer language host is not missed and `go` does not take a download for its own.
from_cache() {
  local source
  [[ -x $folder/pulumi && -x $folder/$language && -x $folder/$dynamic && -r $folder/source ]] || return 1
  source=$(<"$folder/source")
  if [[ $source == "$built" ]]; then
    allows go || return 1
  else
    [[ $source == download:* ]] && allows download || return 1
  fi
  folders=$folder
  say "taking $folder ($source)"
}

try_lock() {
  local owner
  if has flock; then
    flock -n 9 # the kernel lets go of it when we die
    return
  fi
  # A link is made with its content, so whoever sees the lock sees whose it is. If two runs find the same dead
  # owner at the same moment, both may build: a waste, but each in a folder of its own.
  if ln -s "$$" "$folder.owner" 2>/dev/null; then
    owned=$folder.owner
    return
  fi
  owner=$(readlink "$folder.owner") || return 1
  kill -0 "$owner" 2>/dev/null || rm -f "$folder.owner"
  return 1
}

lock() {
  local begun=$SECONDS told=-30
  if ! mkdir -p "$cache" || ! touch "$folder.lock"; then fail "can't write to $cache; set ABLESTACK_CACHE"; fi
  if has flock; then exec 9>"$folder.lock"; fi
  until try_lock; do
    if ((SECONDS - begun >= 3600)); then fail "another run has been at work on $folder for an hour"; fi
    if ((SECONDS - begun - told >= 30)); then
      told=$((SECONDS - begun))
      say "another run is making $folder, waiting: $told s"
    fi
    sleep 1
  done
}

# Gives what is in $work/new its name in the cache. Argument: the line for the file `source`.
keep() {
  local answer
  answer=$(version_of "$work/new/pulumi")
  [[ $answer == "$version" ]] || { say "what came of it answers '$answer', not $version"; return 1; }
  printf '%s\n' "$1" >"$work/new/source" || return 1
  sync # or a power cut could leave a name without its content
  if [[ -e $folder ]]; then mv "$folder" "$work/old" || return 1; fi
  mv "$work/new" "$folder"
}

# --- go --------------------------------------------------------------------------------------------------------

# go_in FOLDER ARGUMENT...: becomes go (so only in a process of its own: by `run`, or in $(...)). What the caller's
# environment says about other builds must not reach this one; `direct` is dropped from GOPROXY because a module
# that the proxy lacks would otherwise be looked for in repositories all over the world.
go_in() {
  local proxy
  proxy=$(go env GOPROXY)
  if [[ $proxy != direct ]]; then proxy=${proxy%[,|]direct}; fi
  cd "$1" || exit 1
  shift
  exec env GOFLAGS= GOWORK=off GOOS= GOARCH= CGO_ENABLED=0 GOTMPDIR="$work" GOPROXY="$proxy" go "$@"
}

go_build() { # FOLDER PACKAGE VERSION
  local name=${2##*/} begun=$SECONDS
  # A step of its own, and with a bound, because only this one depends on the network.
  run 900 "fetching what $name is made of" go_in "$1" list -deps -f '{{with .Error}}{{.}}{{end}}' "$2" || return 1
  say "$name: modules there after $((SECONDS - begun)) s, building"
  run 3600 "building $name $3" go_in "$1" build -trimpath -buildvcs=false \
    -ldflags "-s -w -X $sdk/go/common/version.Version=v$3" -o "$work/new/$name" "$2" || return 1
  say "$name $3: built after $((SECONDS - begun)) s"
}

from_go() {
  local sdk_folder
  has go || { say 'no go on PATH, so no build from source'; return 1; }
  say "building pulumi $version with $(go env GOVERSION), once; 5 to 8 minutes on two cores"
  run 20 'asking the Go module proxy' go_in "$work" list -m -f '{{""}}' "$cli_module@v$version" || {
    say "no $cli_module v$version from the Go module proxy (GOPROXY)"
    return 1
  }
  if ! go_build "$here/language" "$language_package" "$language_version" ||
    ! go_build "$here/cli" "$cli_package" "$version" ||
    ! sdk_folder=$(go_in "$here/cli" list -m -f '{{.Dir}}' "$sdk") ||
    ! cp "$sdk_folder/$dynamic_script" "$work/new/$dynamic" ||
    ! chmod 755 "$work/new/$dynamic" ||
    ! keep "$built"; then
    say "the build from source failed (it needs Go $go_needed or newer)"
    return 1
  fi
}

# --- download --------------------------------------------------------------------------------------------------

from_download() {
  local base=${ABLESTACK_PULUMI_DOWNLOAD_URL:-https://get.pulumi.com/releases/sdk} url shown
  has curl || { say 'no curl on PATH, so no download'; return 1; }
  url=${base%/}/pulumi-v$version-$os-${arch/#amd64/x64}.tar.gz
  shown=${url/:\/\/*@/://} # a mirror's address may hold a password
  say "downloading $shown"
  # Closed networks lose 5 s here, stalled ones 15.
  if ! run 900 'downloading' curl -fsSL --connect-timeout 5 --speed-limit 1024 --speed-time 15 -o "$work/archive" "$url" ||
    ! tar -xzf "$work/archive" -C "$work" pulumi/pulumi "pulumi/$language" "pulumi/$dynamic" ||
    ! mv "$work/pulumi" "$work/new" ||
    ! keep "download: pulumi $version from $shown"; then
    say 'the download failed'
    return 1
  fi
}

# ---------------------------------------------------------------------------------------------------------------

make_in_cache() {
  lock
  if from_cache; then return; fi # another run was quicker
  rm -rf "$folder".tmp.* # of runs that were killed
  work=$(mktemp -d "$folder.tmp.XXXXXX") || return 1
  if allows go && from_go; then
    :
  elif allows download && rm -rf "$work/new" && from_download; then
    :
  else
    return 1
  fi
  from_cache
}

case $allowed in
  any | path | go | download) ;;
  *) fail "ABLESTACK_PULUMI_SOURCE is '$allowed'; it may be path, go or download" ;;
esac
[[ $cache$root != *:* ]] || fail "a colon in '$cache' or '$root' can't be part of PATH"

folders=
if allows path && from_path; then
  :
elif [[ $allowed != path ]] && { from_cache || make_in_cache; }; then
  :
else
  fail "no Pulumi to be had (the lines above say why). One of these helps:
  - install Pulumi 3 so that pulumi is on PATH: https://www.pulumi.com/docs/install/
  - have Go $go_needed or newer on PATH, and GOPROXY name a module proxy that can be reached
  - let curl reach get.pulumi.com, or have ABLESTACK_PULUMI_DOWNLOAD_URL name a folder that holds its archives"
fi
printf '%s\n' "$folders"
