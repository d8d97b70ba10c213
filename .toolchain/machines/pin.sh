#!/usr/bin/env bash
#
#   pin.sh NAME VERSION           e.g. pin.sh kubernetes 1.37.2
#
# Writes modules/NAME-VERSION/go.mod and go.sum, which fix what programs.sh builds. Asks the Go module proxy and its checksum database;
# needed only to take up another version. Commit what it wrote.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"
# shellcheck source=sources.sh
. "$machines/sources.sh"

name=${1:?} version=${2:?}
sources "$name" "$version"
[[ $module == modules/* ]] || fail "$name is written here: go mod tidy in $machines/$module"
prepare_go
new=$(mktemp -d "$machines/modules/.$name-$version.XXXXXX") # in this place, so that ../../coredns.go is found
cd "$new"

printf 'module ablestack.io/machines/%s\n' "$name" >go.mod
theirs=$(go mod download -json "$main@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
# Its own language version, and with it the behaviour that Go keeps for programs of that age.
go mod edit "-go=$(sed -n 's/^go //p' "$theirs")"
for needed in "${modules[@]}"; do go mod edit "-require=$needed@v$version"; done
# Kubernetes' own go.mod has its staging modules in folders beside it; they are published as v0.<minor>.<patch>.
sed -n 's|^\t\([^ ]*\) => \./staging/.*|\1|p' "$theirs" | while read -r staged; do
  go mod edit "-replace=$staged=$staged@v0.${version#*.}"
done
go list -mod=mod -deps -f '{{with .Error}}{{.}}{{end}}' "${built[@]}" >/dev/null
go mod verify >&2
if [[ $name == kubernetes ]]; then
  # What this kubeadm wants beside Kubernetes' own images; iso.sh builds just these versions.
  sed -n 's/^\tDefaultEtcdVersion = "\(.*\)"$/etcd \1/p; s/^\tCoreDNSVersion = "\(.*\)"$/coredns \1/p; s/^\tPauseVersion = "\(.*\)"$/pause \1/p' \
    "$(go list -m -f '{{.Dir}}' "$main")/cmd/kubeadm/app/constants/constants.go" >images.list
fi
rm -rf "${machines:?}/$module"
mv "$new" "$machines/$module"
new=
chmod 755 "$machines/$module"
say "pinned $name $version: $(wc -l <"$machines/$module/go.sum") checksums"
