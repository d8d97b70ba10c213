#!/usr/bin/env bash
#
# Prints the folders to put in front of PATH so that the real Pulumi engine runs:
#
#   PATH="$(.toolchain/pulumi/find.sh):$PATH" pulumi up
#
# One line on stdout, folders separated by colons; a folder that PATH has already is left out, so that finding
# Pulumi in /usr/bin never puts another node in front of yours. Everything else goes to stderr. Argument: the
# checkout whose node_modules is meant (default: this one). It takes the first of
#
#   path      pulumi and pulumi-language-nodejs as installed on this machine
#   (cache)   what one of the next two left there earlier
#   go        a build from source: every module is held to the checksum in the go.sum beside this script, so no
#             address need be trusted; and where there is no way out, asking the module proxy fails in seconds
#   download  the official release archive, trusted because of its address alone
#
# ABLESTACK_PULUMI_SOURCE=path|go|download allows that one only. ABLESTACK_PULUMI_DOWNLOAD_URL is another folder
# of release archives (a mirror). ABLESTACK_CACHE moves the cache. README.md tells the rest.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "${1:-$here/../..}" && pwd)
allowed=${ABLESTACK_PULUMI_SOURCE:-any}

repository=github.com/pulumi/pulumi
sdk=$repository/sdk/v3
cli_module=$repository/pkg/v3
cli_package=$cli_module/cmd/pulumi
language_package=$sdk/nodejs/cmd/pulumi-language-nodejs

say() { printf 'pulumi: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
allows() { [[ $allowed == any || $allowed == "$1" ]]; }

# The go.mod files are the only place that names the versions.
version_in() { awk -v module="$2" '$1 == module && $2 ~ /^v/ { print substr($2, 2); exit }' "$here/$1/go.mod"; }
version=$(version_in cli "$cli_module")
language_version=$(version_in language "$sdk")
go_needed=$(awk '$1 == "go" { print $2 }' "$here/cli/go.mod")

# Where Pulumi's npm package keeps pulumi-resource-pulumi-nodejs, which runs dynamic providers.
npm=$root/node_modules/@pulumi/pulumi

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

# run SECONDS WHAT COMMAND...: says every 30 s that it still goes on, and ends it after SECONDS. Not timeout(1),
# which macOS lacks. Its stdout is ours to keep clean; the lock must not outlive us in a child, hence 9>&-.
run() {
  local limit=$1 what=$2 begun=$SECONDS told=$SECONDS status=0
  shift 2
  "$@" >&2 9>&- &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if ((SECONDS - begun >= limit)); then
      say "$what: no end after $limit s, stopped"
      kill "$child" 2>/dev/null || true
      status=124
      break
    fi
    if ((SECONDS - told >= 30)); then
      told=$SECONDS
      say "$what: $((SECONDS - begun)) s"
    fi
    sleep 0.2
  done
  wait "$child" || status=${status/#0/$?}
  child=
  return "$status"
}

# Says the version of the pulumi given; nothing if it does not run or is no Pulumi 3.
version_of() { PULUMI_SKIP_UPDATE_CHECK=true "$1" version 2>/dev/null | sed -n '1s/^v\{0,1\}\(3\.[0-9].*\)$/\1/p' || true; }

# --- path ------------------------------------------------------------------------------------------------------

from_path() {
  local cli found beside
  cli=$(type -P pulumi) || { say 'none on PATH'; return 1; }
  found=$(version_of "$cli")
  [[ -n $found ]] || { say "$cli is on PATH but does not answer as Pulumi 3"; return 1; }
  if has pulumi-language-nodejs; then
    folders=
  else
    # Beside it, or beside what a link such as /usr/local/bin/pulumi leads to.
    for beside in "$cli" "$(readlink -f "$cli" 2>/dev/null || true)"; do
      beside=$(cd -- "$(dirname -- "$beside")" && pwd)
      [[ -x $beside/pulumi-language-nodejs ]] && break
      beside=
    done
    [[ -n $beside ]] || { say "$cli is on PATH, but no pulumi-language-nodejs there or beside it"; return 1; }
    folders=$beside:
  fi
  say "taking $found from PATH ($cli)"
}

# --- cache -----------------------------------------------------------------------------------------------------

# Whole by construction: the folder gets its name only when everything is in it. The file `source` says what it
# was made from, so that a newer language host is not missed and `go` does not take a download for its own.
from_cache() {
  local source
  [[ -x $folder/pulumi && -x $folder/pulumi-language-nodejs && -r $folder/source ]] || return 1
  source=$(<"$folder/source")
  if [[ $source == "$built" ]]; then
    allows go || return 1
  else
    [[ $source == download:* ]] && allows download || return 1
  fi
  folders=$folder:
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
  mkdir -p "$cache" || fail "can't write to $cache; set ABLESTACK_CACHE"
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
  answer=$(PULUMI_HOME=$work/home version_of "$work/new/pulumi")
  [[ $answer == "$version" && -x $work/new/pulumi-language-nodejs ]] || {
    say "expected pulumi $version and pulumi-language-nodejs, got pulumi '$answer'"
    return 1
  }
  printf '%s\n' "$1" >"$work/new/source"
  sync # or a power cut could leave a name without its content
  if [[ -e $folder ]]; then mv "$folder" "$work/old"; fi
  mv "$work/new" "$folder"
}

# --- go --------------------------------------------------------------------------------------------------------

# go_in MODULE ARGUMENT...: becomes go (only ever the background process of `run`). What the caller's
# environment says about other builds must not reach this one; `direct` is dropped from GOPROXY because a module
# that the proxy lacks would otherwise be looked for in repositories all over the world.
go_in() {
  local proxy
  proxy=$(go env GOPROXY)
  if [[ $proxy != direct ]]; then proxy=${proxy%[,|]direct}; fi
  cd "$here/$1" || exit 1
  shift
  exec env GOFLAGS= GOWORK=off GOOS= GOARCH= CGO_ENABLED=0 GOTMPDIR="$work" GOPROXY="$proxy" go "$@"
}

go_build() { # MODULE PACKAGE VERSION
  local name=${2##*/} begun=$SECONDS
  run 900 "fetching what $name is made of" go_in "$1" list -deps -f '{{with .Error}}{{.}}{{end}}' "$2" || return 1
  say "$name: modules there after $((SECONDS - begun)) s, building"
  run 3600 "building $name $3" go_in "$1" build -trimpath -buildvcs=false \
    -ldflags "-s -w -X $sdk/go/common/version.Version=v$3" -o "$work/new/$name" "$2" || return 1
  say "$name $3: built after $((SECONDS - begun)) s"
}

from_go() {
  has go || { say 'no go on PATH, so no build from source'; return 1; }
  say "building pulumi $version with $(go env GOVERSION), once; about 5 minutes on two cores"
  run 20 'asking the Go module proxy' go_in cli list -m "$cli_module@v$version" || {
    say "the Go module proxy ($(go env GOPROXY)) does not serve $cli_module, or go is older than $go_needed"
    return 1
  }
  if ! go_build language "$language_package" "$language_version" ||
    ! go_build cli "$cli_package" "$version" ||
    ! keep "$built"; then
    say 'the build from source failed'
    return 1
  fi
}

# --- download --------------------------------------------------------------------------------------------------

from_download() {
  local base=${ABLESTACK_PULUMI_DOWNLOAD_URL:-https://get.pulumi.com/releases/sdk} url
  has curl || { say 'no curl on PATH, so no download'; return 1; }
  url=${base%/}/pulumi-v$version-$os-${arch/#amd64/x64}.tar.gz
  say "downloading $url"
  # Closed networks lose 5 s here, stalled ones 15.
  if ! run 900 'downloading' curl -fsSL --connect-timeout 5 --speed-limit 1024 --speed-time 15 -o "$work/archive" "$url" ||
    ! tar -xzf "$work/archive" -C "$work" pulumi/pulumi pulumi/pulumi-language-nodejs ||
    ! mv "$work/pulumi" "$work/new" ||
    ! keep "download: pulumi $version from $base"; then
    say 'the download failed'
    return 1
  fi
}

# ---------------------------------------------------------------------------------------------------------------

make_in_cache() {
  lock
  if from_cache; then return; fi # another run was quicker
  rm -rf "$folder".tmp.* # of runs that were killed
  work=$(mktemp -d "$folder.tmp.XXXXXX")
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
[[ -x $npm/pulumi-resource-pulumi-nodejs ]] || fail "$npm/pulumi-resource-pulumi-nodejs is not there: run npm ci in $root first"

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
printf '%s\n' "$folders$npm"
