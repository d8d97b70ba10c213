#!/usr/bin/env bash
#
#   find-tofu.sh            prints the path of OpenTofu: $TOFU, else tofu of PATH, else that of the cache, built first where it holds none
#   find-tofu.sh --there    builds nothing; exit code 1: there is none
#
# It is built from Go modules alone, as its makers build it: in the module's own folder, where go.mod has its replacements and go.sum
# fixes every byte that goes in. Says on stderr what it does. BUILD_JOBS and ABLESTACK_CACHE as in ../machines/cache.sh.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../machines/cache.sh
. "$here/../machines/cache.sh"
# shellcheck source=../machines/sources.sh
. "$here/../machines/sources.sh"
say() { printf 'tofu: %s\n' "$*" >&2; }

repository=github.com/opentofu/opentofu
version=1.12.6
# Of the whole module, so that none but this one is built where nobody checks sums (GONOSUMDB, GOSUMDB=off).
sum=h1:0VT4P8pMmGcCUnQ9JDrJ+Qg2d35Vzm4FFd/9+H7oF98=
name=tofu-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$architecture

case ${1:-} in
  '' | --there) ;;
  *)
    sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
if [[ -n ${TOFU:-} ]]; then
  command -v "$TOFU" || fail "TOFU names $TOFU, which is no program"
  exit
fi
command -v tofu && exit
if [[ -x $cache/$name/tofu ]]; then
  printf '%s\n' "$cache/$name/tofu"
  exit
fi
[[ ${1:-} != --there ]] || fail "there is none on PATH or in $cache; find-tofu.sh builds one"
command -v flock >/dev/null || fail 'no flock here, so none is built: install OpenTofu (https://opentofu.org/docs/intro/install/)'

# In a process of its own: it ends with the entry's path, be it that another run was quicker.
build() {
  local found folder_of_sources
  trap clean_up EXIT # not passed on to a process of its own
  entry "$name"
  prepare_go
  found=$(go mod download -json "$repository@v$version") || fail "no $repository v$version from the Go module proxy (GOPROXY): $(sed -n 's/.*"Error": //p' <<<"$found")"
  [[ $(sed -n 's/.*"Sum": "\(.*\)".*/\1/p' <<<"$found") == "$sum" ]] || fail "$repository v$version is another one than it was: its sum is not $sum"
  folder_of_sources=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$found")
  cd "$folder_of_sources"
  say "fetching what $version is made of"
  try 900 'fetching the modules' go list -deps -f '{{with .Error}}{{.}}{{end}}' ./cmd/tofu
  say "modules there after $SECONDS s, building with $(go env GOVERSION)"
  try 3600 "building $version" go build -p "$jobs" -trimpath -buildvcs=false -ldflags "-s -w -X $repository/version.dev=no" -o "$new/tofu" ./cmd/tofu
  found=$(TF_CLI_CONFIG_FILE='' "$new/tofu" version)
  [[ $found == "OpenTofu v$version"* ]] || fail "what came of it answers '$found', and not as OpenTofu $version"
  keep
}
printf '%s/tofu\n' "$(build)"
