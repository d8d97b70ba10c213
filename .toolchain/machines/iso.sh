#!/usr/bin/env bash
#
#   iso.sh VERSION                e.g. iso.sh 1.35.4
#
# Makes what a Kubernetes ISO holds, laid out as Mold's are, and prints the folder in the cache: its iso/ is the disc.
#   k8s/ cni/ cri-tools/ etcd/    programs, as upstream packs them
#   docker/*.tar images.list      images, one archive each
#   network.yaml provider.yaml autoscaler.yaml headlamp.yaml
#   built-from.json               what everything was built from, what is missing and why
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"

version=${1:?}
wanted=$machines/modules/kubernetes-$version/images.list
[[ -r $wanted ]] || fail "there is no Kubernetes $version in $machines/modules: pin.sh kubernetes $version"
tag_of() { sed -n "s/^$1 //p" "$wanted"; }
etcd_tag=$(tag_of etcd) coredns_tag=$(tag_of coredns) pause_tag=$(tag_of pause)
etcd=${etcd_tag%-*} coredns=${coredns_tag#v} cni=1.8.0
parts=("kubernetes $version" "etcd $etcd" "coredns $coredns" "cni-plugins $cni" 'node-routes 1')

names=("$("$machines/rootfs.sh" name)")
for part in "${parts[@]}"; do
  # shellcheck disable=SC2086 # a name and a version
  names+=("$("$machines/programs.sh" $part name)")
done
entry "kubernetes-$version-$(key iso.sh archive.sh iso -- "${names[@]}")" "$@"
need jq=jq gcc=gcc
# shellcheck source=archive.sh
. "$machines/archive.sh"

root=$("$machines/rootfs.sh")/root
kubernetes=$("$machines/programs.sh" kubernetes "$version")
etcd_programs=$("$machines/programs.sh" etcd "$etcd")
coredns_programs=$("$machines/programs.sh" coredns "$coredns")
cni_programs=$("$machines/programs.sh" cni-plugins "$cni")
routes_programs=$("$machines/programs.sh" node-routes 1)

iso=$new/iso
install -d "$iso"/{k8s,cni,cri-tools,docker,etcd}
sources=$new/sources # PATH on the disc, a tab, what it was built from
noted() { printf '%s\t%s\n' "$1" "$2" >>"$sources"; }

pack() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cz "$@"; }

say "Kubernetes $version: programs"
for program in kubeadm kubelet kubectl; do
  install -m 755 "$kubernetes/$program" "$iso/k8s/"
  noted "k8s/$program" "$(<"$kubernetes/source")"
done
plugins=cni/cni-plugins-linux-$architecture-v$cni.tgz
pack -f "$iso/$plugins" -C "$cni_programs" --exclude=./source .
noted "$plugins" "$(<"$cni_programs/source")"
tools=etcd/etcd-v$etcd-linux-$architecture.tar.gz
pack -f "$iso/$tools" --transform "s|^|etcd-v$etcd-linux-$architecture/|" -C "$etcd_programs" etcd etcdctl etcdutl
noted "$tools" "$(<"$etcd_programs/source")"

say "Kubernetes $version: images"
base=$(base_layer "$root")
filter=$(packet_filter_layer "$root")
filter_source="Debian's iptables and nftables"

# image REFERENCE ENTRYPOINT SOURCE LAYER...: as archives on the disc are named: by the end of the reference.
image() {
  local file=docker/${1##*/}.tar
  archive "$iso/$file" "$@"
  printf '%s\n' "$1" >>"$iso/docker/images.list"
  noted "$file" "$3"
}
upstream=registry.k8s.io
for program in kube-apiserver kube-controller-manager kube-scheduler; do
  image "$upstream/$program:v$version" '[]' "$(<"$kubernetes/source")" "$base" "$(programs_layer "usr/local/bin/$program=$kubernetes/$program")"
done
image "$upstream/kube-proxy:v$version" '[]' "$(<"$kubernetes/source"); $filter_source" \
  "$base" "$filter" "$(programs_layer "usr/local/bin/kube-proxy=$kubernetes/kube-proxy")"
image "$upstream/coredns/coredns:$coredns_tag" '["/coredns"]' "$(<"$coredns_programs/source"), with the plug-ins of coredns.go only" \
  "$base" "$(programs_layer "coredns=$coredns_programs/coredns")"
image "$upstream/etcd:$etcd_tag" '[]' "$(<"$etcd_programs/source")" \
  "$base" "$(programs_layer "usr/local/bin/etcd=$etcd_programs/etcd" "usr/local/bin/etcdctl=$etcd_programs/etcdctl" "usr/local/bin/etcdutl=$etcd_programs/etcdutl")"
gcc -Os -Wall -Werror -static -s "-DVERSION=v$pause_tag" -o "$new/pause" "$kubernetes/pause.c"
# Not of which Kubernetes: the same tag on two discs is the same image.
image "$upstream/pause:$pause_tag" '["/pause"]' 'k8s.io/kubernetes, build/pause/linux/pause.c' "$(programs_layer "pause=$new/pause")"
image lab.invalid/node-routes:1 '["/usr/local/bin/node-routes"]' "$(<"$routes_programs/source"); $filter_source" \
  "$base" "$filter" "$(programs_layer "usr/local/bin/node-routes=$routes_programs/node-routes")"
# What this very kubeadm asks for has to be there, and under these names.
"$kubernetes/kubeadm" config images list --kubernetes-version "v$version" 2>/dev/null | sort >"$new/asked"
absent=$(sort "$iso/docker/images.list" | comm -23 "$new/asked" -)
[[ -s $new/asked && -z $absent ]] || fail "kubeadm $version asks for images that are not on the disc: ${absent:-(none named)}"

say "Kubernetes $version: manifests"
install -m 644 "$machines"/iso/*.yaml "$iso/"
for manifest in "$machines"/iso/*.yaml; do noted "${manifest##*/}" "this repository, .toolchain/machines/iso/"; done

while IFS=$'\t' read -r path source; do
  jq -cn --arg path "$path" --arg sha256 "$(sha256sum <"$iso/$path" | cut -c -64)" --arg builtFrom "$source" '{ $path, $sha256, $builtFrom }'
done <"$sources" | jq -s --arg kubernetes "$version" --arg architecture "$architecture" --slurpfile missing "$machines/iso/missing.json" \
  '{ $kubernetes, $architecture,
    note: "Built for a lab from package registries; nothing here is a release of its project. Each version and tag is that of the source it was built from.",
    files: ., missing: $missing[0] }' >"$iso/built-from.json"

rm -rf "$layers" "$sources" "$new/pause" "$new/asked"
keep
