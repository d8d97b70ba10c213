#!/usr/bin/env bash
#
# `make down-terraform`: terraform destroy of what is up, then the embedded Mold is stopped.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ! -s $example_file || ! -d $program/.terraform ]]; then
  [[ ! -d $mold_state ]] || mold stop >&2
  rm -f "$example_file"
  say "nothing is up in $state: nothing to destroy"
  exit 0
fi
find_terraform
step 'Embedded Mold'
start_mold
use_embedded
step "terraform destroy ($(basename -- "$(<"$example_file")"))"
# shellcheck disable=SC2086 # a list of options
terraform_here destroy -input=false -auto-approve ${TERRAFORM_FLAGS:-} >&2
stop_empty_mold 'The cluster is' \
  "  eval \"\$(make -s env-terraform)\"; mold logs --calls    # what was asked of it" \
  "  mold reset; mold stop                                  # empties and stops it"
rm -f "$example_file"
