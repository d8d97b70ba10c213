#!/usr/bin/env bash
#
#   programs.sh NAME VERSION      e.g. programs.sh kubernetes 1.35.4
#
# Builds programs from Go modules, with nothing but a Go module proxy, and prints the folder in the cache that holds them. What goes in
# is fixed to the byte by modules/NAME-VERSION/go.sum, which pin.sh wrote.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"
# shellcheck source=sources.sh
. "$machines/sources.sh"

name=${1:?} version=${2:?}
sources "$name" "$version"
[[ -r $machines/$module/go.mod ]] || fail "there is no $name $version in $machines/modules; pin.sh makes one"
generation=1 # one more when the same sources are to be built another way
entry "programs-$name-$version-$(key "$module" "${own[@]}" -- $generation "${built[@]}" "${renamed[@]}" "$flags" "${taken[@]}")" "$@"
prepare_go

cd "$machines/$module"
# A step of its own, and with a bound, because only this one depends on the network.
say "$name $version: fetching its modules"
try 900 "fetching the modules of $name $version" go list -deps -f '{{with .Error}}{{.}}{{end}}' "${built[@]}"
say "$name $version: modules there after $SECONDS s, building with $(go env GOVERSION)"
try 5400 "building $name $version" go build -p "$jobs" -trimpath -buildvcs=false -ldflags "-s -w $flags" -o "$new/" "${built[@]}"
for pair in "${renamed[@]}"; do mv "$new/${pair%=*}" "$new/${pair#*=}"; done
for file in "${taken[@]}"; do install -m 644 "$(go list -m -f '{{.Dir}}' "$main")/$file" "$new/"; done
# For the manifests of what is made of these.
printf '%s v%s, %s\n' "$main" "$version" "$(go env GOVERSION)" >"$new/source"
keep
