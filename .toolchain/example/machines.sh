# shellcheck shell=bash
# What real machines need, for `ablestack-mold-emulator start`: sourced by environment.sh, and nothing where machines are played.
: "${root?}" "${state?}" "${mold_state?}" "${settings?}" "${hypervisor?}" "${hypervisor_file?}"

# The Kubernetes version that the example asks for, as `1.35` or `1.35.4`.
asked_version() {
  local version=''
  [[ ! -f $settings ]] || version=$(sed -n 's/^  *[a-z-]*:version: *//p' "$settings" | tr -d "\"'" | head -n 1)
  echo "${KUBERNETES:-${version:-1.35}}"
}

minor_of() { cut -d . -f 2 <<<"$1"; }

# Those of the versions that can be built which a cluster may need on its way to that one: from the oldest ISO that is there.
versions_up_to() {
  local version last oldest
  last=$(minor_of "$1") oldest=$last
  for version in "$state"/isos/*; do [[ ! -e $version ]] || oldest=$(printf '%s\n' "$oldest" "$(minor_of "${version##*/}")" | sort -n | head -n 1); done
  while IFS= read -r version; do
    if (($(minor_of "$version") >= oldest && $(minor_of "$version") <= last)); then echo "$version"; fi
  done < <("$root/.toolchain/machines/build.sh" versions)
}

# Builds what is missing, and names it to the emulator. The first time takes a while: see .toolchain/machines/README.md.
prepare_machines() {
  [[ $hypervisor == nspawn ]] || return 0
  local build=$root/.toolchain/machines/build.sh version iso versions
  "$root/.toolchain/machines/host.sh" || exit 1
  ABLESTACK_MACHINES_ROOTFS=$("$build" rootfs)/root || exit 1
  versions=$(versions_up_to "$(asked_version)")
  [[ -n $versions ]] || fail "Kubernetes $(asked_version) can't be built here. There are: $("$build" versions | tr '\n' ' ')"
  mkdir -p "$state/isos"
  for version in $versions; do
    iso=$("$build" iso "$version") || exit 1
    # It looks for ISOs as it starts; machines go on without it.
    [[ -e $state/isos/$version || ! -d $mold_state ]] || mold stop >/dev/null
    ln -sfn "$iso/iso" "$state/isos/$version"
  done
  export ABLESTACK_MACHINES_ROOTFS
}

# How the embedded Mold is started: the same options each time.
mold_options() {
  [[ $hypervisor == nspawn ]] || return 0
  printf '%s\n' --hypervisor nspawn --isos "$state/isos"
}
