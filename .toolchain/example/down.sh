#!/usr/bin/env bash
#
# `make down`: destroys the example, and stops the embedded Mold if that is where it was.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

if [[ ! -d $state/stacks/.pulumi || ! -s $passphrase ]]; then
  [[ ! -d $mold_state ]] || mold stop >&2
  say "there is no stack in $state: nothing to destroy"
  exit 0
fi
step 'Pulumi'
engine
release_dead_lock
if is_embedded; then
  step 'Embedded Mold'
  port=$(embedded_url)
  prepare_machines
  mapfile -t options < <(mold_options)
  [[ ! $port =~ :([0-9]+)/ ]] || mold start "${options[@]}" --port "${BASH_REMATCH[1]}" >/dev/null
  forget_environment_connection
fi

step "pulumi destroy ($(basename -- "$example"), stack $stack)"
# shellcheck disable=SC2086 # a list of options
pulumi_here destroy --stack "$stack" --yes ${PULUMI_FLAGS:-} >&2

if is_embedded; then
  stop_empty_mold 'The stack is' \
    "  eval \"\$(make -s env)\"; mold logs --calls    # what was asked of it" \
    "  make reset                                    # empties and stops it"
fi
