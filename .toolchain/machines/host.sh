#!/usr/bin/env bash
#
# Installs the Debian packages that a host of real machines needs, where it lacks them: see provider/emulator/nspawn/requirements.ts.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"
[[ $(uname -s) == Linux ]] || fail 'real machines need Linux; leave HYPERVISOR out for machines that are played'
[[ $(id -u) == 0 ]] || fail 'real machines need root; leave HYPERVISOR out for machines that are played'
export PATH=$PATH:/usr/sbin:/sbin
requirements=$machines/../../dist/provider/emulator/nspawn/requirements.js
[[ -r $requirements ]] || fail 'make build comes first: what the emulator needs is listed there'
mapfile -t tools < <(node -p 'Object.entries(require(process.argv[1]).toolPackages).map((each) => each.join("=")).join("\n")' "$requirements")
need "${tools[@]}"
