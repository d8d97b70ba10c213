#!/usr/bin/env bash
#
# Builds what real machines need, from package registries alone, into a cache, and prints where it is, one path a line:
#
#   build.sh rootfs           the machines' root file system
#   build.sh iso VERSION      the content of the Kubernetes ISO of that version
#   build.sh images           images that tests run
#   build.sh all              all of these, with each Kubernetes version that is pinned here
#   build.sh versions         prints those versions and builds nothing
#   build.sh prune            removes what the cache holds of other recipes than today's
#
# Says on stderr what it does. What is there already is not built again; a run that was cut off is taken up where it was. Linux and root.
# BUILD_JOBS: how many things are compiled at a time (default: the number of cores). ABLESTACK_CACHE: the cache. README.md tells the rest.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"
usage() { sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2; }

versions() { (cd "$machines/modules" && printf '%s\n' kubernetes-*) | sed 's/^kubernetes-//' | sort -V; }

# Go's own cache serves the next build of nearly the same; past this it is more than it is worth.
limit_go_cache() {
  [[ -d $cache/go-build ]] || return 0
  exec 8>"$cache/go-build.lock"
  flock -n 8 || return 0 # somebody builds
  (($(du -sm "$cache/go-build" | cut -f 1) <= 3072)) || rm -rf "$cache/go-build"
}

all() {
  local version
  "$machines/rootfs.sh"
  for version in $(versions); do "$machines/iso.sh" "$version"; done
  "$machines/images.sh"
}

prune() {
  local version part entry kept=()
  kept+=("$("$machines/rootfs.sh" name)" "$("$machines/images.sh" name)")
  for version in $(versions); do kept+=("$("$machines/iso.sh" "$version" name)"); done
  for part in "$machines"/modules/*; do
    part=${part##*/}
    kept+=("$("$machines/programs.sh" "${part%-*}" "${part##*-}" name)")
  done
  kept+=("$("$machines/programs.sh" node-routes 1 name)" "$("$machines/programs.sh" web-server 1 name)")
  for entry in "$cache"/{rootfs,programs,kubernetes,images}-*; do
    [[ -d $entry && ${entry##*/} != *.tmp.* && " ${kept[*]} " != *" ${entry##*/} "* ]] || continue
    say "removing $entry"
    rm -rf --one-file-system "$entry"
  done
}

[[ $(uname -s) == Linux ]] || fail 'real machines need Linux'
case ${1:-} in
  rootfs) "$machines/rootfs.sh" ;;
  iso) "$machines/iso.sh" "${2:?which version? $(versions | tr '\n' ' ')}" ;;
  images) "$machines/images.sh" ;;
  all) all ;;
  versions) versions ;;
  prune) prune ;;
  *) usage ;;
esac
limit_go_cache
