#!/usr/bin/env bash
#
#   images.sh
#
# Makes the images that tests run as pods and prints the folder in the cache. They are on no ISO: a test loads them into the machines.
#   web-server.tar     lab.invalid/web-server:1, listening on 8080, with /readyz
set -euo pipefail
# shellcheck source=cache.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/cache.sh"

entry "images-$(key images.sh archive.sh -- "$("$machines/rootfs.sh" name)" "$("$machines/programs.sh" web-server 1 name)")" "$@"
need jq=jq
# shellcheck source=archive.sh
. "$machines/archive.sh"

root=$("$machines/rootfs.sh")/root
server=$("$machines/programs.sh" web-server 1)
archive "$new/web-server.tar" lab.invalid/web-server:1 '["/usr/local/bin/web-server"]' "$(<"$server/source")" \
  "$(base_layer "$root")" "$(programs_layer "usr/local/bin/web-server=$server/web-server")"
printf 'lab.invalid/web-server:1\n' >"$new/images.list"
rm -rf "$layers"
keep
