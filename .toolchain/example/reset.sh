#!/usr/bin/env bash
#
# `make reset`: the way back to a fresh clone's state when `make down` can't. Only for the embedded Mold: what runs on another
# one must be destroyed there, or it would be left without anyone who knows it.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
url=$(configured_url)
[[ -z $url ]] || is_embedded || fail "This stack is on the Mold at $url, so nothing was changed. make down destroys what is there," "and after that pulumi stack rm $stack forgets the stack."
if [[ -d $mold_state ]]; then
  mold stop >&2
  mold reset >&2 # Real machines go on without the emulator.
fi
# STATE may be anything; only what looks like ours goes.
if [[ -f $passphrase || -d $mold_state ]]; then rm -rf "$state"; fi
rm -f "$settings"
say "gone: the embedded Mold with all that was in it, and the stack $stack"
