#!/usr/bin/env bash
#
# `make up`: the example on the embedded Mold, or on the Mold that its stack is configured for.
#
#   MOLD_PORT    the embedded Mold's port on 127.0.0.1 (default 18080)
#   MOLD_RANGE   its public addresses, on loopback (default 127.80.0.0/24)
#   MOLD_FLAGS   more options of `ablestack-mold-emulator start`
#   PULUMI_FLAGS more options of `pulumi up`
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

use_environment_or_embedded() {
  local name
  for name in ABLESTACK_API_URL CLOUDSTACK_API_URL CLOUDSTACK_ENDPOINT; do
    [[ -z ${!name:-} ]] || fail \
      "$name is set, and this stack is not configured yet: it isn't clear which Mold you mean." \
      "  the embedded one:  env -u $name make up" \
      "  the one of $name:  eval \"\$(make -s env)\"; pulumi config set ablestack:apiUrl \"\$$name\"; then keys and the example's own" \
      "                     settings as README.md says under \"A real Mold\", and make up"
  done
}

make_state() {
  (umask 077 && mkdir -p "$state/pulumi" "$state/stacks")
  [[ -s $passphrase ]] && return
  ! grep -qs '^encryptionsalt:' "$settings" || fail \
    "$settings was made with a passphrase that is gone ($passphrase)." \
    "If nothing of that stack is left anywhere, delete that settings file and run make up again."
  (umask 077 && node -p 'require("crypto").randomBytes(24).toString("base64url")' >"$passphrase")
}

start_embedded() {
  start_mold
  # Explicitly, into the stack's own configuration: nothing falls back to the embedded Mold by itself. Keys go by stdin, where
  # no list of processes shows them.
  pulumi_here config set --stack "$stack" ablestack:apiUrl "$embedded"
  mold_key apiKey | pulumi_here config set --stack "$stack" ablestack:apiKey
  mold_key secretKey | pulumi_here config set --stack "$stack" --secret ablestack:secretKey
}

next() {
  local ingress endpoint
  endpoint=$(pulumi_here stack output --stack "$stack" endpoint)
  ingress=$(pulumi_here stack output --stack "$stack" ingressIp)
  cat >&2 <<EOF

${bold}The cluster is up.${plain}
    Kubernetes API   $endpoint
    ingress          $ingress (80 and 443, to the NodePorts 30080 and 30443 of the workers)

${bold}Next${plain}
    make -s kubeconfig > .state/kubeconfig           # a secret: it is the administrator's
    kubectl --kubeconfig .state/kubeconfig get nodes
    eval "\$(make -s env)"                            # pulumi in this shell is then the example's
    pulumi config set workers 4 && make up           # scale: one worker more
    make down                                        # destroy everything
EOF
}

[[ -f $example/Pulumi.yaml ]] || fail "there is no Pulumi program in $example"
step 'Pulumi'
engine
make_state
link_package
release_dead_lock
pulumi_here stack select --create "$stack" >&2

if [[ -z $(configured_url) ]]; then
  use_environment_or_embedded
  step 'Embedded Mold'
  start_embedded
  forget_environment_connection
elif is_embedded; then
  step 'Embedded Mold'
  start_embedded
  forget_environment_connection
else
  step "Mold at $(configured_url), as the stack is configured"
fi

step "pulumi up ($(basename -- "$example"), stack $stack)"
# shellcheck disable=SC2086 # a list of options
pulumi_here up --stack "$stack" --yes ${PULUMI_FLAGS:-} >&2
next
