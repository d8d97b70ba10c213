# shellcheck shell=bash
# What the node agent does once it has joined; sourced by agent.sh. It takes orders from its own Node only, which is all that the
# kubelet's credentials reach, and only this one: to be the version that is named (addons.sh has another).
#   ablestack.io/wanted-version   1.35.4
#   ablestack.io/upgrade-role     first: the one control plane that takes the cluster to that version; the others follow it
#   ablestack.io/prepare-version  1.35.4: before that order, load its images from the ISO, and change nothing
#   ablestack.io/prepared         the answer to that: 1.35.4; 1.35.4 failed: <why>; 1.35.4 refused: <why>
#   ablestack.io/agent            the answer: upgrading 1.35.4, upgraded 1.35.4, upgrade failed: <why>, upgrade refused: <why>
# Kept in $state: version (what is installed), upgrading (what was begun), answer (what was said last).
: "${root?}" "${state:?}" "${kubernetes:?}" "${settings:?}" "${refused:?}" "${none_attached:?}" "${step:?}" "${task?}"

installed() { cat "$state/version" 2>/dev/null || echo "$KUBERNETES_VERSION"; }
begun() { cat "$state/upgrading" 2>/dev/null || installed; }

older() { [[ $1 != "$2" ]] && printf '%s\n' "$1" "$2" | sort -V -C; }
minor() { local rest=${1#*.} && echo $((10#${rest%%.*})); }

# The cache spares the API a dozen questions before each.
as_kubelet() { timeout 30 kubectl --kubeconfig "$kubernetes/kubelet.conf" "$@" --cache-dir "$root/run/ablestack-kubernetes/kubectl" 2>/dev/null; }

# What the Node says, into $next, $prepared, $leads, $answer, $on_disc, $has, $wanted_addons and $wanted. The order comes last, with an end
# of its own: nothing in it passes unseen.
read_order() {
  local of='.metadata.annotations.ablestack\.io' name asked='' reply into
  for name in prepare-version prepared upgrade-role agent addons-on-disc addons wanted-addons; do asked+="{$of/$name}{\"\\n\"}"; done
  reply=$(as_kubelet get node "$NODE_NAME" -o "jsonpath=$asked{$of/wanted-version}.") || return
  for into in next prepared leads answer on_disc has wanted_addons; do
    printf -v "$into" %s "${reply%%$'\n'*}"
    reply=${reply#*$'\n'}
  done
  wanted=${reply%.}
  [[ $leads == first ]] || leads=''
}

# Which discs are in the drives: another one is another chance.
discs() { iso_devices | awk '!seen[$0]++' | while read -r device; do blkid -c /dev/null -p -o export "$device" || true; done | tr -s '\n' ' '; }

# Whether this node may go there at all.
check_version() {
  local to=$1 from
  [[ $to =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || refuse 'the wanted version is not of the form 1.35.4'
  from=$(installed)
  if older "$to" "$(begun)"; then refuse "$to is older than $(begun)"; fi
  if [[ ${to%%.*} != "${from%%.*}" ]] || (($(minor "$to") > $(minor "$from") + 1)); then refuse "$to is more than one minor away from $from"; fi
}

check_order() {
  step=order
  local from to=$wanted
  from=$(installed)
  check_version "$to"
  if [[ $leads == first && $ROLE != control-plane ]]; then refuse 'a worker cannot be the first of an upgrade'; fi
  say "from $from to $to${leads:+ as $leads}"
}

look_for_iso() {
  step=iso
  if find_iso; then return; fi
  # One that is missing may be on its way, and room may be made; one that is wrong does not get better.
  case ${wrong:?} in
    "$none_attached") fail "no Kubernetes ISO: $wrong" ;;
    "${no_room:?}"*) fail "$wrong" ;;
    *) refuse "wrong Kubernetes ISO: $wrong" ;;
  esac
}

# Before it the control planes are older than this node's kubelet would be.
check_cluster() {
  local found
  found=$(as_kubelet -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p') ||
    fail 'kubeadm-config cannot be read from the API'
  [[ $found == "$wanted" ]] || fail "the cluster is at $found, its first control plane has not been upgraded to $wanted yet"
}

# By what sed is told.
edit_kubelet_conf() {
  local conf=$kubernetes/kubelet.conf
  (umask 077 && sed -E "$1" "$conf" >"$conf.new")
  chmod --reference="$conf" "$conf.new"
  put "$conf.new" "$conf"
}

# Whom the kubelet asks; with an argument, whom it is to ask from its next start on.
kubelet_server() {
  if (($# == 0)); then sed -n 's/^ *server: //p' "$kubernetes/kubelet.conf" | head -n 1 && return; fi
  edit_kubelet_conf "s|^( *server: ).*|\\1$1|"
}

# A control plane's kubelet asks the API server beside it, which answers nothing while its etcd is exchanged: the kubelet then waits for more than
# half a minute, for the old mirror pod to be deleted, before it starts the new etcd (measured), and its node may turn NotReady meanwhile. So it asks the
# others by way of the balancer until it is exchanged itself. That is not for always: a newer kubelet must not meet an older API server, which
# is why it asks the one beside it (KEP 4471, ControlPlaneKubeletLocalMode); the older kubelet may meet any.
ask_others() {
  local beside
  beside=$(kubelet_server)
  if [[ $ROLE != control-plane || $beside == "https://$ENDPOINT" || $(endpoint) != ours ]]; then return; fi
  keep kubelet-server "$beside"
  kubelet_server "https://$ENDPOINT"
  systemctl restart kubelet
  say "asks $ENDPOINT meanwhile"
}

ask_beside() {
  [[ -e $state/kubelet-server ]] || return 0
  kubelet_server "$(<"$state/kubelet-server")"
  rm -f "$state/kubelet-server"
}

# A static pod that is exchanged in the moment in which a kubelet that has just started takes up its pods is left without its volumes for two minutes (measured
# with etcd; kubernetes/kubernetes#134908). It says when it has taken them up; one that says it in other words is not waited for any longer.
await_kubelet() {
  local started tries
  if [[ $ROLE != control-plane ]]; then return; fi
  for tries in {1..10}; do
    started=$(systemctl show --property InvocationID --value kubelet)
    if journalctl --quiet --output cat "_SYSTEMD_INVOCATION_ID=$started" 2>/dev/null | grep 'Finished populating initial desired state' >/dev/null; then return; fi
    if ((tries < 10)); then sleep 1; fi
  done
}

upgrade_with_kubeadm() {
  step=kubeadm
  local command=(node) flags=() copies=("$kubernetes"/tmp/kubeadm-backup-etcd*)
  if [[ $leads == first ]]; then command=(apply "v$wanted" --yes); else check_cluster; fi
  mapfile -t flags < <(ignore_flag)
  keep upgrading "$wanted"
  ask_others
  await_kubelet
  # Each attempt has kubeadm copy all of etcd, which would fill the disk. The first of them is from before anything was changed.
  rm -rf "${copies[@]:1}"
  run_kubeadm upgrade "${command[@]}" --patches "$settings/patches" "${flags[@]}"
  mark "upgraded-$wanted"
  say "kubeadm upgrade ${command[0]} is done"
}

restart_kubelet() {
  step=kubelet
  local tries
  write_kubelet_unit
  systemctl daemon-reload
  systemctl restart kubelet
  for tries in {1..30}; do
    if curl --silent --fail --output /dev/null --noproxy '*' --max-time 5 http://127.0.0.1:10248/healthz; then
      say "Kubernetes $wanted runs"
      return
    fi
    if ((tries < 30)); then sleep 2; fi
  done
  fail 'the kubelet does not answer after its restart: see journalctl -u kubelet'
}

# What was loaded ahead of the order may be gone: where a disk is rather full the kubelet throws away images that no pod uses.
has_images() {
  local here image
  marked "images-$wanted" || return
  here=$(ctr -n k8s.io images list -q) || return
  for image in $(kubeadm config images list --kubernetes-version "v$wanted" 2>/dev/null); do
    if is_wanted_here "$image" && ! grep -qxF "$image" <<<"$here"; then return 1; fi
  done
}

upgrade() {
  task=upgrade
  check_order
  KUBERNETES_VERSION=$wanted # Of this process: what install_binaries and the others are asked for.
  note_cgroup
  if ! marked "binaries-$wanted" || ! marked "images-$wanted"; then look_for_iso; fi
  tell "upgrading $wanted"
  marked "binaries-$wanted" || install_binary kubeadm
  marked "upgraded-$wanted" || has_images || load_images
  marked "upgraded-$wanted" || upgrade_with_kubeadm
  marked "binaries-$wanted" || install_binaries
  configure_containerd
  ask_beside
  restart_kubelet
  unmount_iso # Mold can detach it now.
  if [[ $leads == first ]] && ! marked "network-$wanted"; then apply_network "network-$wanted"; fi
  rm -rf "$kubernetes/tmp" "$state/kubeadm.log" # kubeadm's backups hold all of etcd, secrets included.
  step=node
  keep version "$wanted"
  tell "upgraded $wanted"
  say "upgraded to $wanted"
}

# While the node serves as before. In a process of its own, as an upgrade.
prepare() {
  task=$next step=prepare
  check_version "$next"
  KUBERNETES_VERSION=$next
  look_for_iso
  load_images
  tell "$next"
}

# One that did not work out is tried again after a minute or so, and as soon as another disc is there.
follow_preparation() {
  # shellcheck disable=SC2034 # tell reads it: all that is said here is about this
  local shown=prepared disc='' code=0
  if [[ -z $next || $next == "$wanted" ]]; then return; fi
  if marked "images-$next"; then
    [[ $prepared == "$next" ]] || tell "$next"
    return
  fi
  disc="$next $(discs)"
  if [[ $disc == "$looked" ]] && ((rest > 0)); then rest=$((rest - 1)) && return; fi
  looked=$disc
  prepare &
  wait "$!" || code=$?
  unmount_iso || true
  rest=$((code == 0 ? 0 : 6))
}

# A refused order waits for another order or another disc, a failed one at most 20 s, 40 s and so on up to 320 s as well.
follow_order() {
  local order='' code=0
  if [[ -z $wanted ]]; then tried='' && return; fi
  if [[ $wanted == "$(installed)" && $wanted == "$(begun)" ]]; then
    [[ $answer == "upgraded $wanted" ]] || tell "upgraded $wanted"
    return
  fi
  order="$wanted $leads $(discs)"
  if [[ $order != "$tried" ]]; then
    failures=0
  elif ((outcome == refused)); then
    return
  elif ((pause > 0)); then
    pause=$((pause - 1))
    return
  fi
  tried=$order
  # A process of its own, waited for: in a condition bash would not end it at the first failure.
  upgrade &
  wait "$!" || code=$?
  unmount_iso || true
  outcome=$code
  failures=$((failures < 5 ? failures + 1 : 5))
  pause=$((2 ** failures - 1))
}

# Each quarter of an hour or so. In a process of its own, for the same reason, so that the orders go on when it fails.
look_after_certificates() {
  watch_certificates &
  wait "$!" || say 'certificates are looked at again in a while' >&2
}

# Asks every ten seconds or so rather than holding a watch: a watch is cut by every balancer and API server on the way, which an
# upgrade restarts, and would need the question beside it all the same. The odd tenths keep the nodes of a cluster apart.
follow_orders() {
  local wanted='' leads='' answer='' tried='' outcome=0 failures=0 pause=0 said next='' prepared='' looked='' rest=0 round
  local on_disc='' has='' wanted_addons=''
  for ((round = 0; ; round = (round + 1) % 90)); do
    if ((round == 0)); then look_after_certificates; fi
    if read_order; then
      said=$(last_answer)
      if [[ -n $said && $said != "$answer" ]]; then tell "$said" && answer=$said; fi # It was lost, or the Node is a new one.
      follow_preparation
      follow_order
      follow_addons "$on_disc" "$has" "$wanted_addons"
    fi
    # The order that it has prepared itself for comes soon; an answer may have met an API that its own upgrade had just made anew.
    said=$(last_answer)
    if [[ -n $next && $prepared == "$next" || -n $said && $said != "$answer" ]]; then sleep "2.$((RANDOM % 10))"; else sleep "$((8 + RANDOM % 4)).$((RANDOM % 10))"; fi
  done
}
