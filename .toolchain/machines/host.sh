#!/usr/bin/env bash
#
# Installs the Debian packages that a host of real machines needs, where it lacks them: see provider/emulator/nspawn/requirements.ts.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"
[[ $(uname -s) == Linux ]] || fail 'real machines need Linux; leave HYPERVISOR out for machines that are played'
[[ $(id -u) == 0 ]] || fail 'real machines need root; leave HYPERVISOR out for machines that are played'
export PATH=$PATH:/usr/sbin:/sbin
need systemd-nspawn=systemd-container haproxy=haproxy nft=nftables ip=iproute2 mke2fs=e2fsprogs losetup=mount unshare=util-linux sysctl=procps curl=curl
