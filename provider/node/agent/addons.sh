# shellcheck shell=bash
# What a Kubernetes ISO brings beyond Kubernetes and its network; sourced by agent.sh. Control planes install and remove it as their Node says:
#   ablestack.io/addons-on-disc  which their disc had: cloud-controller csi; none
#   ablestack.io/wanted-addons   1.35.4 +cloud-controller -csi: those with + are installed from the disc of that version, those with - removed
#   ablestack.io/addons          the answer: the same; 1.35.4 +csi failed: <why>; 1.35.4 +csi refused: <why>
: "${media:?}" "${state:?}" "${kubernetes:?}" "${refused:?}" "${ROLE:?}" "${task?}" "${step?}" "${shown:?}"

tried_addons='' # The last order that was begun.
rest_addons=0   # How many questions it is let be for.

# What each consists of, in order. The last one is it; those before are what the ISO may have for it, and stay when it goes: others may use them.
manifests_of() { case $1 in cloud-controller) echo provider.yaml ;; csi) echo snapshot-crds.yaml manifest.yaml ;; esac; }

# The ISO may be gone when they are asked for.
keep_manifests() {
  local name
  for name in $(manifests_of cloud-controller) $(manifests_of csi); do
    rm -f "$state/$name"
    if [[ -e $media/$name ]]; then install -m 0644 "$media/$name" "$state/$name"; fi
  done
}

addons_on_disc() {
  local name manifests found=''
  for name in cloud-controller csi; do
    manifests=$(manifests_of "$name")
    if [[ -e $state/${manifests##* } ]]; then found+="${found:+ }$name"; fi
  done
  echo "${found:-none}"
}

remove_manifest() {
  timeout 120 kubectl --kubeconfig "$kubernetes/admin.conf" delete --ignore-not-found --wait=false -f "$state/$1" >/dev/null 2>"$state/manifest.log" ||
    fail "$1 cannot be removed: $(tail -n 2 "$state/manifest.log" | tr '\n' ' ' | tail -c 300)"
  say "$1 removed"
}

# In a process of its own, as an upgrade.
change_addons() {
  task=$1 step=addons
  local word manifests manifest
  for word in ${task#* }; do
    manifests=$(manifests_of "${word:1}")
    [[ -n $manifests && $word == [+-]* ]] || refuse "there is no such add-on: $word"
    manifest=${manifests##* }
    if [[ $word == -* ]]; then
      # Without it nothing was installed.
      if [[ -e $state/$manifest ]]; then remove_manifest "$manifest"; fi
    else
      [[ -e $state/$manifest ]] || refuse "the Kubernetes ISO of $(installed) has no $manifest"
      for manifest in $manifests; do
        if [[ -e $state/$manifest ]]; then apply_manifest "$manifest"; fi
      done
    fi
  done
  tell "$task"
}

# One that did not work out is tried again after a minute or so; one that was refused waits for another order.
follow_addons() {
  local on_disc=$1 has=$2 wanted_addons=$3 shown=addons-on-disc found code=0
  if [[ $ROLE != control-plane ]]; then return; fi
  found=$(addons_on_disc)
  [[ $on_disc == "$found" ]] || tell "$found"
  shown=addons
  if [[ -z $wanted_addons || $wanted_addons == "$has" || ${wanted_addons%% *} != "$(installed)" ]]; then return; fi
  if [[ $wanted_addons == "$tried_addons" ]] && ((rest_addons > 0)); then rest_addons=$((rest_addons - 1)) && return; fi
  tried_addons=$wanted_addons
  change_addons "$wanted_addons" &
  wait "$!" || code=$?
  case $code in 0) rest_addons=0 ;; "$refused") rest_addons=999999999 ;; *) rest_addons=6 ;; esac
}
