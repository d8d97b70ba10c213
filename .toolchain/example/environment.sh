# shellcheck shell=bash
# What every script here begins with: where things are, and the example's own Pulumi: home, backend and passphrase lie in
# .state/, so that nothing of the person's own Pulumi is touched, and nothing of ours is left behind when .state/ goes.
#
#   STATE     the folder for all that (default .state)
#   EXAMPLE   the program (default examples/ha-cluster)
#   STACK     its stack (default dev)
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
state=${STATE:-.state}
example=${EXAMPLE:-examples/ha-cluster}
[[ $state == /* ]] || state=$root/$state
[[ $example == /* ]] || example=$root/$example
stack=${STACK:-dev}
settings=$example/Pulumi.$stack.yaml
passphrase=$state/passphrase
mold_state=$state/mold
mold_url_file=$state/mold.url

export PULUMI_HOME=$state/pulumi
export PULUMI_BACKEND_URL=file://$state/stacks
export PULUMI_CONFIG_PASSPHRASE_FILE=$passphrase
export PULUMI_SKIP_UPDATE_CHECK=true
unset PULUMI_CONFIG_PASSPHRASE PULUMI_ACCESS_TOKEN PULUMI_STACK

# Everything a person reads while it works goes to stderr: stdout is for what was asked for.
if [[ -t 2 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
say() { printf '    %s\n' "$*" >&2; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Puts the Pulumi engine on PATH: finds it, or builds it once.
engine() {
  local folders
  folders=$("$root/.toolchain/pulumi/find.sh") || exit 1
  PATH=$folders:$PATH
}

pulumi_here() { pulumi --cwd "$example" "$@"; }

# The API's address that the stack's own configuration names; empty if it names none. Read from the stack's settings
# without the engine: a plain value, and the way in must not take half a second each time.
configured_url() {
  [[ -f $settings ]] || return 0
  sed -n 's/^  *ablestack:apiUrl: *//p' "$settings" | tr -d "\"'" | head -n 1
}

embedded_url() { [[ ! -f $mold_url_file ]] || cat "$mold_url_file"; }

# Whether this stack is the embedded Mold's: only what `make up` wrote there itself counts.
is_embedded() {
  local url
  url=$(configured_url)
  [[ -n $url && $url == "$(embedded_url)" ]]
}

mold() {
  local command=$1
  shift
  node "$root/dist/provider/emulator/bin.js" "$command" --state "$mold_state" "$@"
}

# Starts the embedded Mold, on the port that it had, and sets `embedded` to its address.
start_mold() {
  local port=${MOLD_PORT:-} was options
  was=$(embedded_url)
  [[ -n $port || ! $was =~ :([0-9]+)/ ]] || port=${BASH_REMATCH[1]}
  prepare_machines
  mapfile -t options < <(mold_options)
  # shellcheck disable=SC2086 # a list of options
  mold start "${options[@]}" ${port:+--port "$port"} ${MOLD_RANGE:+--public-range "$MOLD_RANGE"} ${MOLD_FLAGS:-} >/dev/null
  printf '%s\n' "$hypervisor" >"$hypervisor_file"
  embedded=$(mold status --json | field url)
  [[ -n $embedded ]] || fail "the embedded Mold does not answer; its log: $mold_state/emulator.log"
  say "$embedded, log and keys in $mold_state"
  printf '%s\n' "$embedded" >"$mold_url_file"
}

# mold_key apiKey|secretKey: of the embedded Mold's administrator.
mold_key() { node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).admin[process.argv[2]])' "$mold_state/keys.json" "$1"; }

# A program depends on this checkout, and finds everything else in the checkout's own node_modules: a link does what npm would do in
# half a minute, and there is one copy of each engine's package.
link_package() {
  local link=$example/node_modules/ablestack-kubernetes
  [[ $example == "$root"/* && ! -e $link ]] || return 0
  mkdir -p "$example/node_modules"
  ln -sfn "$root" "$link"
}

# Stops the embedded Mold, unless something is left in it: it then goes on running, so that one can look what it is.
# stop_empty_mold WHAT HOW…: what was destroyed, and how to look at and throw away what is left, line by line.
stop_empty_mold() {
  local what=$1
  shift
  if [[ $(mold status --json | field empty) != true ]]; then
    fail "$what destroyed, but the embedded Mold is not empty. What is left was made by hand or by something that was killed:" "$@"
  fi
  say 'the embedded Mold is empty; stopped'
  mold stop >/dev/null
}

# field NAME: of the JSON object on stdin.
field() { node -e 'const at = JSON.parse(require("fs").readFileSync(0, "utf8"))[process.argv[1]]; process.stdout.write(String(at ?? ""))' "$1"; }

# The connection of a shell's environment fills what the stack's configuration leaves open, which is right for a real Mold and
# wrong for the embedded one: a project that exists elsewhere doesn't exist here.
forget_environment_connection() {
  local name
  for name in API_URL API_KEY SECRET_KEY PROJECT_ID DOMAIN_ID ACCOUNT DIGEST CA_CERTIFICATE PROXY INSECURE TIMEOUT JOB_TIMEOUT; do
    unset "ABLESTACK_$name" "CLOUDSTACK_$name"
  done
  unset CLOUDSTACK_ENDPOINT CLOUDSTACK_KEY CLOUDSTACK_SECRET
}

# A file backend's lock outlives a killed engine, and `pulumi cancel` takes it away. Done here only when the engine that
# took it ran on this machine and is gone for certain.
release_dead_lock() {
  local lock pid host
  while IFS= read -r lock; do
    pid=$(field pid <"$lock") || continue
    host=$(field hostname <"$lock") || continue
    if [[ $host == "$(hostname)" && $pid =~ ^[0-9]+$ ]] && ! kill -0 "$pid" 2>/dev/null; then
      say "an earlier pulumi (pid $pid) was killed; releasing its lock on the stack"
      rm -f "$lock"
    fi
  done < <(find "$state/stacks/.pulumi/locks" -name '*.json' 2>/dev/null || true)
}

# What the embedded Mold's machines are: played, or containers that boot. A Mold that has been started once keeps its kind, and says so in
# this file, so that `make down` needs not be told.
hypervisor_file=$state/hypervisor
hypervisor=${HYPERVISOR:-simulated}
if [[ -s $hypervisor_file ]]; then hypervisor=$(<"$hypervisor_file"); elif [[ -d $mold_state ]]; then hypervisor=simulated; fi
[[ $hypervisor == simulated || $hypervisor == nspawn ]] || fail "HYPERVISOR=$hypervisor: there are 'simulated' (the default) and 'nspawn' (Linux, root)."
[[ ${HYPERVISOR:-$hypervisor} == "$hypervisor" ]] ||
  fail "HYPERVISOR=$HYPERVISOR: the machines in $state are $hypervisor. make down and make reset first, or take another folder: STATE=.state-$HYPERVISOR"
# shellcheck source=machines.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/machines.sh"
