#!/usr/bin/env bash
#
# eval "$(make -s env-terraform)": a shell in which `terraform` is the example's, wherever that shell is. Prints shell code for sh, bash
# and zsh; the secret key is not in it, but read when it is run.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
[[ -s $example_file ]] || fail "nothing is up in $state: make up-terraform first"
find_terraform
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
admin() { quoted "require('$mold_state/keys.json').admin.$1"; }
cat <<EOF
export TF_CLI_CONFIG_FILE=$(quoted "$TF_CLI_CONFIG_FILE")
export CHECKPOINT_DISABLE=1
export ABLESTACK_API_URL=$(quoted "$(embedded_url)")
export ABLESTACK_API_KEY="\$(node -p $(admin apiKey))"
export ABLESTACK_SECRET_KEY="\$(node -p $(admin secretKey))"
# As if it were started in the folder with the configuration; a -chdir of your own still wins.
terraform() { command $(quoted "$terraform") -chdir=$(quoted "$program") "\$@"; }
# The embedded Mold of this example: mold status, mold logs --calls, mold reset.
mold() { node $(quoted "$root/dist/provider/emulator/bin.js") "\$@" --state $(quoted "$mold_state"); }
EOF
