#!/usr/bin/env bash
#
# `make preview`: what `make up` would do now. Changes nothing; the stack must have been up before, since it says which Mold.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
[[ -s $passphrase && -n $(configured_url) ]] || fail "there is no stack in $state: make up first"
engine
if is_embedded; then forget_environment_connection; fi
# shellcheck disable=SC2086 # a list of options
pulumi_here preview --stack "$stack" ${PULUMI_FLAGS:-} >&2
