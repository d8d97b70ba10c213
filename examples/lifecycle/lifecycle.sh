#!/usr/bin/env bash
#
# One cluster's life, each step a change of configuration and a `pulumi up`, and after each what kubectl sees:
#
#     ./lifecycle.sh                 all of it, from nothing to nothing
#     ./lifecycle.sh STEP...         only these; without order there is no sense in them (see `steps` below)
#
# Needs a stack that is selected and configured: eval "$(make -s env EXAMPLE=examples/lifecycle)" gives such a shell.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

steps=(create more fewer upgrade stop fewer-while-stopped start offering destroy)
kubeconfig=$(mktemp)
trap 'rm -f "$kubeconfig"' EXIT

say() { printf '\n== %s\n' "$*"; }
wrong() {
  printf 'lifecycle: %s\n' "$*" >&2
  exit 1
}

# up KEY=VALUE...: the change, and nothing left to do after it.
up() {
  local each
  for each in "$@"; do pulumi config set "${each%%=*}" "${each#*=}"; done
  pulumi up --yes --skip-preview
  pulumi preview --expect-no-changes >/dev/null || wrong 'something is left to do'
}

# nodes COUNT VERSION: so many are Ready, all at this minor, and none is cordoned.
nodes() {
  local count=$1 version=$2 seen
  pulumi stack output kubeconfig --show-secrets >"$kubeconfig"
  seen=$(kubectl --kubeconfig "$kubeconfig" get nodes --no-headers)
  printf '%s\n' "$seen"
  [[ $(awk -v v="v$version." '$2 == "Ready" && index($5, v) == 1' <<<"$seen" | wc -l) == "$count" && $(wc -l <<<"$seen") == "$count" ]] ||
    wrong "$count Ready nodes at $version are wanted"
}

create() { up version=1.34 workers=3 && nodes 6 1.34; }
more() { up workers=6 && nodes 9 1.34; }
fewer() { up workers=4 && nodes 7 1.34; }
upgrade() { up version=1.36 && nodes 7 1.36; }
stop() { up stopped=true; }
fewer-while-stopped() { up workers=3; }
start() { up stopped=false && nodes 6 1.36; }
offering() {
  pulumi config set --path 'nodes.life-worker-1.offering' k8s-4c-8g
  up && nodes 6 1.36
}
destroy() { pulumi destroy --yes --skip-preview; }

for step in "${@:-${steps[@]}}"; do
  [[ " ${steps[*]} " == *" $step "* ]] || wrong "there is no step $step; there are ${steps[*]}"
  say "$step"
  "$step"
done
