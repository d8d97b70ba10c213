#!/usr/bin/env bash
#
#   rootfs.sh
#
# Makes the machines' root file system from Debian's packages and prints the folder in the cache:
#   root/          a Debian cloud image with containerd, as a user of Mold would have it; the lower layer of the machines' overlays
#   packages.txt   the Debian packages in it, with their versions
# What only the lab needs is in files of its own in it: those of rootfs/lab/, and the masks of rootfs/masked.list.
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"

release=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
containerd=2.1.9

entry "rootfs-$(key rootfs.sh rootfs -- "$("$machines/programs.sh" containerd $containerd name)")" "$@"
[[ $(id -u) == 0 ]] || fail 'a root file system is made by root only'
need mmdebstrap=mmdebstrap
root=$new/root

words_of() { sed 's/#.*//' "$machines/rootfs/$1" | tr -s ' \n' ' '; }
read -ra packages <<<"$(words_of packages.list)"

say "Debian $release from $mirror"
include=${packages[*]}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
try 1800 'making the root file system' mmdebstrap --mode=root --variant=minbase --format=directory --include="${include// /,}" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "4"' \
  "$release" "$root" \
  "deb [signed-by=$keyring] $mirror/debian $release main" \
  "deb [signed-by=$keyring] $mirror/debian $release-updates main" \
  "deb [signed-by=$keyring] $mirror/debian-security $release-security main"
rm "$root"/etc/{dpkg/dpkg.cfg.d,apt/apt.conf.d}/99mmdebstrap # the options above, which are for this moment
# shellcheck disable=SC2016 # dpkg-query reads these
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >"$new/packages.txt"

say "containerd and the lab's files"
programs=$("$machines/programs.sh" containerd $containerd)
install -m 755 "$programs"/{containerd,containerd-shim-runc-v2,ctr} "$root/usr/local/bin/"
install -D -m 644 "$programs/containerd.service" "$root/usr/local/lib/systemd/system/containerd.service"
cp -r --no-preserve=ownership "$machines/rootfs/lab/." "$root/"

# cloud-init writes the network as systemd-networkd reads it.
chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service containerd.service
read -ra masked <<<"$(words_of masked.list)"
for unit in "${masked[@]}"; do ln -sfn /dev/null "$root/etc/systemd/system/$unit"; done

# What is a machine's own: each makes it at its first boot.
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/systemd/random-seed"
ln -sfn ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
install -d -m 755 "$root/var/lib/cloud/seed/nocloud" "$root/etc/containerd"
keep
