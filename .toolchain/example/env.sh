#!/usr/bin/env bash
#
# eval "$(make -s env)": a shell in which `pulumi` is the example's, wherever that shell is. Prints shell code for sh, bash and zsh.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
[[ -s $passphrase ]] || fail "there is no stack in $state: make up first"
before=$PATH
engine 2>/dev/null || engine
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
added=${PATH%":$before"}
cat <<EOF
export PATH=$(quoted "$added:")"\$PATH"
export PULUMI_HOME=$(quoted "$PULUMI_HOME")
export PULUMI_BACKEND_URL=$(quoted "$PULUMI_BACKEND_URL")
export PULUMI_CONFIG_PASSPHRASE_FILE=$(quoted "$PULUMI_CONFIG_PASSPHRASE_FILE")
export PULUMI_SKIP_UPDATE_CHECK=true
unset PULUMI_CONFIG_PASSPHRASE PULUMI_ACCESS_TOKEN PULUMI_STACK
# As if it were started in the example's folder; a --cwd of your own still wins.
pulumi() { command pulumi --cwd $(quoted "$example") "\$@"; }
# The embedded Mold of this example: mold status, mold logs --calls, mold reset.
mold() { node $(quoted "$root/dist/provider/emulator/bin.js") "\$@" --state $(quoted "$mold_state"); }
EOF
