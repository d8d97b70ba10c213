# shellcheck shell=bash
# What the scripts of this folder begin with: the example with Terraform has a state and an embedded Mold of its own, beside those of
# `make up`, so that neither is in the other's way.
#
#   STATE     the folder for all that (default .state/terraform)
#   EXAMPLE   the program, in CDKTF or in HCL (default examples/cdktf-ha-cluster)
#   TERRAFORM the engine (default: terraform, else tofu)
STATE=${STATE:-.state/terraform}
EXAMPLE=${EXAMPLE:-examples/cdktf-ha-cluster}
MOLD_PORT=${MOLD_PORT:-18090}
MOLD_RANGE=${MOLD_RANGE:-127.82.0.0/24}
# shellcheck source=../environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../environment.sh"

# Where the engine is started: it holds the configuration and nothing else.
program=$state/program
# Which example that is: `make down-terraform` need not be told.
# shellcheck disable=SC2034 # of those that source this
example_file=$state/example

export TF_CLI_CONFIG_FILE=$state/terraformrc
export TF_IN_AUTOMATION=true
export CHECKPOINT_DISABLE=1
# What the provider does step by step, for a person who waits.
if [[ -t 2 ]]; then export ABLESTACK_PROGRESS=${ABLESTACK_PROGRESS:-/dev/tty}; fi
# It asks nobody whether it talks to a person.
if [[ ! -t 2 || -n ${NO_COLOR:-} ]]; then export TF_CLI_ARGS_apply=-no-color TF_CLI_ARGS_destroy=-no-color TF_CLI_ARGS_init=-no-color; fi

find_terraform() { terraform=$("$root/.toolchain/terraform/find.sh") || exit 1; }
terraform_here() { "$terraform" "-chdir=$program" "$@"; }

# The connection, as any configuration takes it: from the environment, where no list of processes shows it.
use_embedded() {
  forget_environment_connection
  ABLESTACK_API_URL=$(embedded_url)
  ABLESTACK_API_KEY=$(mold_key apiKey)
  ABLESTACK_SECRET_KEY=$(mold_key secretKey)
  export ABLESTACK_API_URL ABLESTACK_API_KEY ABLESTACK_SECRET_KEY
}
