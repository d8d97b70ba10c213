#!/usr/bin/env bash
#
# `make up-terraform`: the example on the embedded Mold, by the real terraform apply.
#
#   MOLD_PORT, MOLD_RANGE, MOLD_FLAGS   as of `make up` (defaults 18090, 127.82.0.0/24)
#   TF_VAR_…                            the example's own settings: TF_VAR_workers=4
#   TERRAFORM_FLAGS                     more options of `terraform apply`
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

refuse_another_mold() {
  local name
  for name in ABLESTACK_API_URL CLOUDSTACK_API_URL CLOUDSTACK_ENDPOINT; do
    [[ -z ${!name:-} ]] || fail "$name is set, and make up-terraform is for the embedded Mold: it isn't clear which one you mean." \
      "  the embedded one:  env -u $name make up-terraform" \
      "  the one of $name:  terraform apply itself, with the provider installed as README.md says"
  done
}

refuse_another_example() {
  local was=$example
  [[ ! -s $example_file ]] || was=$(<"$example_file")
  [[ $was == "$example" ]] || fail "$was is up in $state: make down-terraform first, or take another folder: STATE=.state/other MOLD_PORT=18091 MOLD_RANGE=127.83.0.0/24"
}

# The provider, installed as a user installs it.
install_provider() {
  node "$root/.toolchain/terraform/mirror.mjs" "$state/mirror" >/dev/null
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$state/mirror" >"$TF_CLI_CONFIG_FILE"
  # Of a provider that was built anew the checksum is another one.
  rm -f "$program/.terraform.lock.hcl"
}

# The configuration: synthesised where the example is a program, as it is where it is HCL. A program's state lies where it was started.
configure() {
  mkdir -p "$program"
  rm -f "$program"/*.tf "$program"/*.tf.json
  if [[ -f $example/main.ts ]]; then
    link_package
    (cd "$state" && CDKTF_OUTDIR=$state/cdktf.out "$root/node_modules/.bin/tsx" "$example/main.ts")
    cp "$state"/cdktf.out/stacks/*/cdk.tf.json "$program/"
  else
    cp "$example"/*.tf "$program/"
  fi
}

next() {
  local endpoint ingress
  endpoint=$(terraform_here output -raw endpoint)
  ingress=$(terraform_here output -raw ingressIp)
  cat >&2 <<EOF

${bold}The cluster is up.${plain}
    Kubernetes API   $endpoint
    ingress          $ingress (80 and 443, to the NodePorts 30080 and 30443 of the workers)

${bold}Next${plain}
    eval "\$(make -s env-terraform)"                           # terraform in this shell is then the example's
    terraform output -raw kubeconfig > .state/kubeconfig      # a secret: it is the administrator's
    kubectl --kubeconfig .state/kubeconfig get nodes
    TF_VAR_workers=4 make up-terraform                        # scale: one worker more
    make down-terraform                                       # destroy everything
EOF
}

[[ -f $example/main.ts || -n $(compgen -G "$example/*.tf") ]] || fail "there is neither a main.ts nor HCL in $example"
find_terraform
refuse_another_mold
refuse_another_example
(umask 077 && mkdir -p "$state")
printf '%s\n' "$example" >"$example_file"
step 'Embedded Mold'
start_mold
use_embedded
step "The provider ($("$terraform" version | head -n 1))"
install_provider
step "The configuration ($(basename -- "$example"))"
configure
terraform_here init -input=false >/dev/null
step 'terraform apply'
# shellcheck disable=SC2086 # a list of options
terraform_here apply -input=false -auto-approve ${TERRAFORM_FLAGS:-} >&2
next
