// Generated from agent.sh, upgrade.sh, certificates.sh, addons.sh and agent.service by generate.ts. Do not edit.

/** What runs on every machine. */
export const agentScript = `#!/bin/bash
# The node agent of ablestack-kubernetes: makes this machine a node of its cluster with what cloud-init wrote and with the
# Kubernetes ISO that Mold attaches, and then goes on as what upgrades it (upgrade.sh). Begins anew at every boot. Every step may be
# cut off at any point and run again; what is done is marked in $state. One line in the journal per step; a failure goes to the
# console and, where the API answers, to the node.
set -Eeuo pipefail
shopt -s nullglob
umask 022

root=\${ABLESTACK_ROOT:-} # Empty on a machine; tests run the agent inside a directory.
settings=$root/etc/ablestack-kubernetes
kubernetes=$root/etc/kubernetes
state=$root/var/lib/ablestack-kubernetes
media=$root/run/ablestack-kubernetes/iso
bin=$root/usr/local/bin
export PATH="$bin:$PATH"

# shellcheck source=/dev/null
. "$settings/node.env"
: "\${NODE_NAME:?}" "\${ROLE:?}" "\${ACTION:?}" "\${KUBERNETES_VERSION:?}" "\${ENDPOINT:?}" "\${JOIN_TIMEOUT:?}"

refused=78  # The exit code that systemd does not restart on (see the unit).
step=start
shown=agent # The annotation of the node that answers are for.
task=''     # What the node is told has failed: the step, unless it is part of something larger.
reason=''   # Why a step failed, in words; else the line that failed is said.

say() { printf '%s: %s\\n' "$step" "$*"; }

console() { printf 'ablestack-kubernetes: %s: %s\\n' "$NODE_NAME" "$1" >"$root/dev/console" || true; } 2>/dev/null

# What somebody outside may have to do something about, and that no round of the agent ends with.
waiting() {
  say "waiting: $1"
  console "\${task:-$step} waits: $1"
}

# One file in place of another, whole or not at all: of what is renamed before it is on the disk a power cut could leave the name alone.
put() { sync "$1" && mv -f "$1" "$2"; }

# What stdin has, as that file.
write() { cat >"$1.new" && put "$1.new" "$1"; }

# In $state.
keep() { printf '%s\\n' "$2" >"$state/.$1" && put "$state/.$1" "$state/$1"; }

# What the node was told last; nothing yet: nothing.
last_answer() { cat "$state/answer" 2>/dev/null || true; }

# Tells people outside: the console shows in Mold, the annotation in \`kubectl describe node\`. Neither may stop the agent.
tell() {
  [[ $shown != agent ]] || keep answer "$1" || true # Said again while the node does not show it (upgrade.sh).
  console "$1"
  if [[ -e $kubernetes/kubelet.conf && -x $bin/kubectl ]]; then
    timeout 20 kubectl --kubeconfig "$kubernetes/kubelet.conf" annotate node "$NODE_NAME" --overwrite "ablestack.io/$shown=$1" >/dev/null || true
  fi
} 2>/dev/null

failed() {
  local text="\${reason:-line $1 failed}"
  trap - ERR
  say "failed: $text" >&2
  tell "\${task:-$step} failed: $text"
  exit 1
}
trap 'failed $LINENO' ERR

fail() { reason=$1; return 1; }

refuse() {
  say "refused: $1" >&2
  tell "\${task:-$step} refused: $1"
  exit "$refused"
}

marked() { [[ -e $state/$1 ]]; }

# After what the mark stands for is on the disk: a power cut must not leave the mark alone.
mark() { sync && touch "$state/$1" && sync "$state/$1"; }

# Runs kubeadm with its words kept aside; what it said last becomes the reason. Tokens are blotted out.
run_kubeadm() {
  local log=$state/kubeadm.log
  (umask 077 && : >"$log")
  if ! kubeadm "$@" >>"$log" 2>&1; then
    fail "kubeadm $1: $(tail -n 4 "$log" | tr -s '\\n\\t ' ' ' | sed -E 's/[a-z0-9]{6}\\.[a-z0-9]{16}/[token]/g; s/ $//' | tail -c 500)"
  fi
}

# --- the machine ------------------------------------------------------------------------------------------------------------

prepare_host() {
  step=host
  modprobe -a overlay br_netfilter 2>/dev/null || true # Built in on some kernels; kubeadm's own checks say if they are missing.
  install -d -m 0755 "$root/etc/sysctl.d" "$root/etc/modules-load.d" "$root/etc/systemd/system/kubelet.service.d" \\
    "$bin" "$root/opt/cni/bin" "$root/etc/cni/net.d" "$settings/patches" "$root/etc/containerd/certs.d"
  printf 'overlay\\nbr_netfilter\\n' >"$root/etc/modules-load.d/ablestack-kubernetes.conf"
  printf 'net.ipv4.ip_forward = 1\\nnet.bridge.bridge-nf-call-iptables = 1\\nnet.bridge.bridge-nf-call-ip6tables = 1\\n' \\
    >"$root/etc/sysctl.d/90-ablestack-kubernetes.conf"
  sysctl -q -e -p "$root/etc/sysctl.d/90-ablestack-kubernetes.conf" 2>"$state/sysctl.log" ||
    fail "the kernel's settings cannot be changed: $(tail -n 1 "$state/sysctl.log" | tail -c 300)"
  note_cgroup
  look_sooner
}

# At every boot: fstab turns it on again.
turn_off_swap() {
  step=host
  swapoff -a 2>"$state/swapoff.log" || fail "swap cannot be turned off, and the kubelet does not start with it: $(tail -n 1 "$state/swapoff.log" | tail -c 300)"
}

# kubeadm has what runs a control plane looked at for the first time ten seconds after its start, and then each ten seconds: it counts as not Ready for
# up to twenty seconds in which it serves already (measured). As long a time to start in, looked at each two seconds.
look_sooner() {
  local name
  if [[ $ROLE != control-plane ]]; then return; fi
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    printf 'spec:\\n  containers:\\n  - name: %s\\n    startupProbe: {initialDelaySeconds: 1, periodSeconds: 2, failureThreshold: 120}\\n' "$name" \\
      >"$settings/patches/$name+strategic.yaml"
  done
}

# Only a machine that has cgroup v1 is let off kubelet 1.35's refusal of it, and off kubeadm's check; the others keep both. At
# every upgrade too, workers included: kubeadm forgets both in between.
note_cgroup() {
  kubeadm_ignores=()
  if [[ $(stat -fc %T "$root/sys/fs/cgroup") != cgroup2fs ]]; then
    printf 'failCgroupV1: false\\n' >"$settings/patches/kubeletconfiguration+merge.yaml"
    kubeadm_ignores+=(SystemVerification)
  fi
}

# As upstream's packages have it (kubernetes/release, cmd/krel/templates/latest).
write_kubelet_unit() {
  write "$root/etc/systemd/system/kubelet.service" <<'UNIT'
[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target containerd.service
After=network-online.target containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
  write "$root/etc/systemd/system/kubelet.service.d/10-kubeadm.conf" <<'UNIT'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# kubeadm init and join write this one.
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
UNIT
}

# --- the Kubernetes ISO -----------------------------------------------------------------------------------------------------

unmount_iso() { ! mountpoint -q "$media" || umount "$media"; }

# What may hold the ISO, likeliest first. A machine may have another disc in its first drive (a configuration drive).
iso_devices() {
  blkid -c /dev/null -t LABEL=CDROM -o device || true
  local device
  for device in "$root"/dev/sr[0-9]; do echo "$device"; done
}

none_attached='none is attached'
no_room='no room on this disk'

# In KiB, of what lies in these places.
size_of() { { du -skc "$@" 2>/dev/null || true; } | tail -n 1 | cut -f 1; }

# Whether this machine runs what is in that archive, or that image. A worker has no use for what control planes run.
is_wanted_here() {
  case $ROLE/\${1##*/} in worker/kube-apiserver* | worker/kube-controller-manager* | worker/kube-scheduler* | worker/etcd*) return 1 ;; esac
}

# What is on the disc fits before any of it is taken: containerd keeps an image packed and unpacked, a program is put beside the one
# that it takes the place of, and kubeadm backs etcd up before it upgrades it. Says in $wrong what is missing.
check_room() {
  local place need free at archive archives=()
  local -A needs=() rooms=()
  for archive in "$media"/docker/*.tar; do if is_wanted_here "$archive"; then archives+=("$archive"); fi; done
  for place in "$root/var/lib/containerd $(($(size_of "\${archives[@]}" /dev/null) * 3))" "$bin $(($(size_of "$media"/{k8s,cni,cri-tools}) * 2))" \\
    "$kubernetes $(size_of "$root/var/lib/etcd")"; do
    need=\${place##* } place=\${place% *}
    mkdir -p "$place" 2>/dev/null || true
    while [[ ! -d $place ]]; do place=\${place%/*}; done
    read -r free at < <(df -Pk "$place" | awk 'NR == 2 { print $4, $6 }')
    needs[$at]=$((\${needs[$at]:-0} + need)) rooms[$at]=$free
  done
  for at in "\${!needs[@]}"; do
    free=\${rooms[$at]} need=\${needs[$at]}
    if ((free < need)); then
      wrong="$no_room: $((free / 1024)) MiB are free on $at, want $((need / 1024))"
      return 1
    fi
  done
}

# Is what is mounted the version that was asked for, and can it be read? Says what is wrong with it in $wrong.
check_iso() {
  local found damaged
  check_room || return
  # Copied first: the disc may be mounted without leave to execute, and a damaged one fails here.
  if ! install -m 0755 "$media/k8s/kubeadm" "$state/kubeadm.candidate" 2>/dev/null; then
    wrong='its k8s/kubeadm is missing or cannot be read'
    return 1
  fi
  found=$("$state/kubeadm.candidate" version -o short 2>/dev/null) || found='something that does not run here'
  rm -f "$state/kubeadm.candidate"
  if [[ $found != "v$KUBERNETES_VERSION" ]]; then
    wrong="it holds $found, want v$KUBERNETES_VERSION"
    return 1
  fi
  # Mold's own discs have no such list; what is damaged on one of those is found as it is unpacked, run or loaded.
  if [[ -e $media/SHA256SUMS ]] && ! damaged=$(cd "$media" && sha256sum --quiet --check SHA256SUMS 2>/dev/null); then
    wrong="it is damaged: $(tr -s '\\n' ' ' <<<"\${damaged:-SHA256SUMS cannot be read}" | head -c 300)"
    return 1
  fi
}

# Mounts the ISO that was asked for if it is there; else $wrong says why not.
find_iso() {
  local device
  wrong=$none_attached
  mkdir -p "$media"
  unmount_iso
  for device in $(iso_devices | awk '!seen[$0]++'); do
    mount -o ro "$device" "$media" 2>/dev/null || continue
    if check_iso; then
      say "$device holds Kubernetes $KUBERNETES_VERSION"
      return
    fi
    umount "$media"
  done
  return 1
}

mount_iso() {
  step=iso
  local deadline=$((SECONDS + JOIN_TIMEOUT)) said=''
  until find_iso; do
    if [[ $wrong != "$said" ]]; then waiting "$wrong" && said=$wrong; fi
    if ((SECONDS >= deadline)); then fail "no Kubernetes ISO within $JOIN_TIMEOUT s: $wrong"; fi
    sleep 3
  done
}

# Every archive of the ISO into the directory that comes first.
unpack() {
  local into=$1 archive
  shift
  for archive in "$@"; do
    tar -xzf "$archive" -C "$into" --no-same-owner || fail "$(basename "$archive") cannot be unpacked from the ISO"
  done
}

# Beside it and then renamed: a running kubelet's file can't be overwritten, and a cut-off copy is never run, nor one that is damaged.
install_binary() {
  local asked=(--version) said=''
  case $1 in kubeadm) asked=(version -o short) ;; kubectl) asked=(version --client) ;; esac
  install -m 0755 "$media/k8s/$1" "$bin/.$1.new" || fail "k8s/$1 cannot be copied from the ISO"
  said=$("$bin/.$1.new" "\${asked[@]}" 2>/dev/null) || said=''
  [[ "$said " == *"v$KUBERNETES_VERSION"[^0-9]* ]] || fail "k8s/$1 of the ISO is damaged: it does not run, or is not $KUBERNETES_VERSION"
  put "$bin/.$1.new" "$bin/$1"
}

install_binaries() {
  step=binaries
  local name
  for name in kubeadm kubelet kubectl; do install_binary "$name"; done
  unpack "$root/opt/cni/bin" "$media"/cni/*.tgz
  [[ -n $(ls -A "$root/opt/cni/bin") ]] || fail 'the ISO has no network plugins in cni/'
  unpack "$bin" "$media"/cri-tools/*.tar.gz
  # Applied once the cluster is there; the ISO may be gone by then.
  install -m 0644 "$media/network.yaml" "$state/network.yaml"
  keep_manifests
  # SELinux: files that came from a disc carry its label.
  if command -v restorecon >/dev/null; then restorecon -R "$bin" "$root/opt/cni/bin"; fi
  mark "binaries-$KUBERNETES_VERSION"
  say "Kubernetes $KUBERNETES_VERSION installed"
}

configure_containerd() {
  step=containerd
  local pause configuration=$root/etc/containerd/config.toml
  # Read to its end: kubeadm would fail where nobody takes its last lines.
  pause=$(kubeadm config images list --kubernetes-version "v$KUBERNETES_VERSION" 2>/dev/null | awk '/\\/pause:/ { image = $0 } END { print image; exit image == "" }') ||
    fail 'kubeadm does not say which pause image it wants'
  sed "s|@SANDBOX_IMAGE@|$pause|" "$settings/containerd.toml" >"$configuration.new"
  if cmp -s "$configuration.new" "$configuration"; then
    rm -f "$configuration.new"
  else
    put "$configuration.new" "$configuration"
    systemctl restart containerd
    say "configured, pause image $pause"
  fi
  systemctl --no-reload enable --now containerd 2>/dev/null # The image has it enabled; systemd would read all its units anew.
  local tries
  for tries in {1..30}; do
    if ctr version >/dev/null 2>&1; then return; fi
    if ((tries < 30)); then sleep 2; fi
  done
  fail 'containerd does not answer: see journalctl -u containerd'
}

load_images() {
  step=images
  local archive count=0
  for archive in "$media"/docker/*.tar; do
    is_wanted_here "$archive" || continue
    ctr -n k8s.io images import "$archive" >/dev/null 2>"$state/import.log" ||
      fail "$(basename "$archive") cannot be loaded: $(tail -n 1 "$state/import.log" | tail -c 300)"
    sync # All of it at once, in the end, would keep etcd waiting, which shares this disk.
    count=$((count + 1))
  done
  ((count > 0)) || fail 'the ISO has no images in docker/'
  mark "images-$KUBERNETES_VERSION"
  say "$count loaded"
}

install_kubernetes() {
  if ! marked "binaries-$KUBERNETES_VERSION" || ! marked "images-$KUBERNETES_VERSION"; then
    mount_iso
    marked "binaries-$KUBERNETES_VERSION" || install_binaries
    configure_containerd
    marked "images-$KUBERNETES_VERSION" || load_images
  fi
  step=iso
  unmount_iso # Mold can detach it now.
  step=kubelet
  write_kubelet_unit
  systemctl --no-reload enable kubelet 2>/dev/null
  systemctl daemon-reload
}

# --- the cluster ------------------------------------------------------------------------------------------------------------

# Who is at the endpoint: ours (under our CA, whatever it answers), foreign (under another) or nobody.
endpoint() {
  local code=0
  curl --silent --output /dev/null --noproxy '*' --connect-timeout 5 --max-time 10 --cacert "$kubernetes/pki/ca.crt" "https://$ENDPOINT/readyz" || code=$?
  case $code in
    0) echo ours ;;
    60) echo foreign ;; # curl: the certificate is not under the CA that it was given.
    *) echo nobody ;;
  esac
}

# kubeadm's preflight checks object to the leavings of a run that was cut off. They are ours, and its phases write them again or
# go on from them. Never \`kubeadm reset\`: with two etcd members it could throw away the one that quorum hangs on.
own_leavings() {
  local file port
  kubeadm_ignores+=(FileAvailable--etc-kubernetes-{kubelet,bootstrap-kubelet}.conf FileAvailable--etc-kubernetes-pki-ca.crt
    DirAvailable--etc-kubernetes-manifests DirAvailable--var-lib-etcd)
  for file in kube-apiserver kube-controller-manager kube-scheduler etcd; do kubeadm_ignores+=("FileAvailable--etc-kubernetes-manifests-$file.yaml"); done
  for port in 6443 10250 10257 10259 2379 2380; do kubeadm_ignores+=("Port-$port"); done
}

ignore_flag() { (IFS=, && [[ \${#kubeadm_ignores[@]} -eq 0 ]] || echo "--ignore-preflight-errors=\${kubeadm_ignores[*]}"); }

initialise() {
  step=init
  local flags=()
  case $(endpoint) in
    ours)
      # Our own API server, up again after a run that was cut off, or that of a cluster which somebody else has initialised?
      [[ -d $root/var/lib/etcd/member ]] || refuse "the cluster is initialised already: $ENDPOINT answers under its CA. This machine was told to make a new one; replace it"
      ;;
    foreign) fail "$ENDPOINT answers under another CA: another cluster holds this address" ;;
  esac
  if marked begun; then own_leavings; fi
  mark begun
  mapfile -t flags < <(ignore_flag)
  run_kubeadm init --config "$settings/kubeadm.yaml" --skip-token-print "\${flags[@]}"
  mark joined
  say "the cluster is initialised"
}

# One of those that were taken from the ISO.
apply_manifest() {
  local tries
  for tries in {1..20}; do
    # Server-side: the definitions of some networks are too large for the annotation that a client-side apply leaves.
    if timeout 120 kubectl --kubeconfig "$kubernetes/admin.conf" apply --server-side --force-conflicts -f "$state/$1" >/dev/null 2>"$state/manifest.log"; then
      say "$1 applied"
      return
    fi
    if ((tries < 20)); then sleep 3; fi
  done
  fail "$1 cannot be applied: $(tail -n 2 "$state/manifest.log" | tr '\\n' ' ' | tail -c 300)"
}

# Leaves the mark of that name.
apply_network() {
  step=network
  apply_manifest network.yaml
  mark "$1"
}

join_once() {
  local flags=()
  case $(endpoint) in
    nobody) fail "nobody answers at $ENDPOINT yet" || return ;;
    foreign) fail "$ENDPOINT answers under another CA: another cluster holds this address" || return ;;
  esac
  mapfile -t flags < <(ignore_flag)
  # The kubelet has its certificate already: kubeadm would take this node, Ready under its own name, for somebody else.
  if [[ -e $kubernetes/kubelet.conf ]]; then flags+=(--skip-phases=kubelet-start); fi
  if ! marked begun; then
    mark begun || return
    own_leavings
  fi
  run_kubeadm join --config "$settings/kubeadm.yaml" "\${flags[@]}"
}

join() {
  step='join'
  local deadline=$((SECONDS + JOIN_TIMEOUT)) pause=2 said='' asked
  if marked begun; then own_leavings; fi
  until join_once; do
    if ((SECONDS >= deadline)); then fail "not joined within $JOIN_TIMEOUT s: $reason"; fi
    if [[ $reason != "$said" ]]; then waiting "$reason" && said=$reason; fi
    # Whether somebody answers is a small question; only attempts to join become rarer.
    asked=$reason
    if [[ $asked == kubeadm* ]]; then sleep "$pause" && pause=$((pause < 30 ? pause * 2 : 30)); else sleep 2; fi
  done
  mark joined
  say "joined as $ROLE"
}

# --- afterwards -------------------------------------------------------------------------------------------------------------

# At every boot: until Mold's copy is replaced, cloud-init brings the first user data back.
remove_secrets() {
  step=secrets
  local file
  if command -v cloud-init >/dev/null; then timeout 300 cloud-init status --wait >/dev/null 2>&1 || true; fi
  rm -f "$settings/kubeadm.yaml" "$kubernetes/bootstrap-kubelet.conf" "$state/kubeadm.log"
  rm -f "$root"/var/lib/cloud/instances/*/obj.pkl "$root"/run/cloud-init/{instance-data-sensitive,combined-cloud-config}.json
  # Emptied rather than removed: without its seed cloud-init would take this for a new machine.
  for file in "$root"/var/lib/cloud/instances/*/{user-data.txt,user-data.txt.i,cloud-config.txt} "$root"/var/lib/cloud/seed/*/user-data; do
    [[ ! -f $file ]] || printf '#cloud-config\\n' >"$file"
  done
  say 'join material removed'
}

main() {
  install -d -m 0700 "$state"
  turn_off_swap
  if ! marked joined; then
    prepare_host
    install_kubernetes
    if [[ $ACTION == init ]]; then initialise; else join; fi
  fi
  if locked_out; then watch_certificates; fi # Nobody is reached before.
  if [[ $ACTION == init ]] && ! marked network; then apply_network network; fi
  remove_secrets
  step=node
  # Once: what it has answered to an order since outlives a reboot.
  case $(last_answer) in joined* | upgrad*) ;; *) tell "joined $KUBERNETES_VERSION" ;; esac
  say 'done'
  follow_orders
}

# shellcheck source=upgrade.sh
. "$root/usr/local/lib/ablestack-kubernetes/upgrade.sh"
# shellcheck source=certificates.sh
. "$root/usr/local/lib/ablestack-kubernetes/certificates.sh"
# shellcheck source=addons.sh
. "$root/usr/local/lib/ablestack-kubernetes/addons.sh"

main
`;

/** Its part that goes on after the join; the agent sources it. */
export const upgradeScript = `# shellcheck shell=bash
# What the node agent does once it has joined; sourced by agent.sh. It takes orders from its own Node only, which is all that the
# kubelet's credentials reach, and only this one: to be the version that is named (addons.sh has another).
#   ablestack.io/wanted-version   1.35.4
#   ablestack.io/upgrade-role     first: the one control plane that takes the cluster to that version; the others follow it
#   ablestack.io/prepare-version  1.35.4: before that order, load its images from the ISO, and change nothing
#   ablestack.io/prepared         the answer to that: 1.35.4; 1.35.4 failed: <why>; 1.35.4 refused: <why>
#   ablestack.io/agent            the answer: upgrading 1.35.4, upgraded 1.35.4, upgrade failed: <why>, upgrade refused: <why>
# Kept in $state: version (what is installed), upgrading (what was begun), answer (what was said last).
: "\${root?}" "\${state:?}" "\${kubernetes:?}" "\${settings:?}" "\${refused:?}" "\${none_attached:?}" "\${step:?}" "\${task?}"

installed() { cat "$state/version" 2>/dev/null || echo "$KUBERNETES_VERSION"; }
begun() { cat "$state/upgrading" 2>/dev/null || installed; }

older() { [[ $1 != "$2" ]] && printf '%s\\n' "$1" "$2" | sort -V -C; }
minor() { local rest=\${1#*.} && echo $((10#\${rest%%.*})); }

# The cache spares the API a dozen questions before each.
as_kubelet() { timeout 30 kubectl --kubeconfig "$kubernetes/kubelet.conf" "$@" --cache-dir "$root/run/ablestack-kubernetes/kubectl" 2>/dev/null; }

# What the Node says, into $next, $prepared, $leads, $answer, $on_disc, $has, $wanted_addons and $wanted. The order comes last, with an end
# of its own: nothing in it passes unseen.
read_order() {
  local of='.metadata.annotations.ablestack\\.io' name asked='' reply into
  for name in prepare-version prepared upgrade-role agent addons-on-disc addons wanted-addons; do asked+="{$of/$name}{\\"\\\\n\\"}"; done
  reply=$(as_kubelet get node "$NODE_NAME" -o "jsonpath=$asked{$of/wanted-version}.") || return
  for into in next prepared leads answer on_disc has wanted_addons; do
    printf -v "$into" %s "\${reply%%$'\\n'*}"
    reply=\${reply#*$'\\n'}
  done
  wanted=\${reply%.}
  [[ $leads == first ]] || leads=''
}

# Which discs are in the drives: another one is another chance.
discs() { iso_devices | awk '!seen[$0]++' | while read -r device; do blkid -c /dev/null -p -o export "$device" || true; done | tr -s '\\n' ' '; }

# Whether this node may go there at all.
check_version() {
  local to=$1 from
  [[ $to =~ ^[0-9]+\\.[0-9]+\\.[0-9]+$ ]] || refuse 'the wanted version is not of the form 1.35.4'
  from=$(installed)
  if older "$to" "$(begun)"; then refuse "$to is older than $(begun)"; fi
  if [[ \${to%%.*} != "\${from%%.*}" ]] || (($(minor "$to") > $(minor "$from") + 1)); then refuse "$to is more than one minor away from $from"; fi
}

check_order() {
  step=order
  local from to=$wanted
  from=$(installed)
  check_version "$to"
  if [[ $leads == first && $ROLE != control-plane ]]; then refuse 'a worker cannot be the first of an upgrade'; fi
  say "from $from to $to\${leads:+ as $leads}"
}

look_for_iso() {
  step=iso
  if find_iso; then return; fi
  # One that is missing may be on its way, and room may be made; one that is wrong does not get better.
  case \${wrong:?} in
    "$none_attached") fail "no Kubernetes ISO: $wrong" ;;
    "\${no_room:?}"*) fail "$wrong" ;;
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
  edit_kubelet_conf "s|^( *server: ).*|\\\\1$1|"
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
  rm -rf "\${copies[@]:1}"
  run_kubeadm upgrade "\${command[@]}" --patches "$settings/patches" "\${flags[@]}"
  mark "upgraded-$wanted"
  say "kubeadm upgrade \${command[0]} is done"
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
`;

/** Its part that renews certificates; the agent sources it. */
export const certificatesScript = `# shellcheck shell=bash
# The certificates of this machine, watched by the node agent; sourced by agent.sh. Whoever has the CA's key (control planes) mends all
# of them, also when they ended while the machine was off. A worker whose kubelet was off for too long can't: the core lets it in
# again by new user data, which leave a bootstrap-kubelet.conf here (readmission.ts).
#   kubeadm's (API server, etcd, controllers, admin)  a year; renewed when 30 days are left, and the static pods restarted
#   the kubelet's for the API                         a year; it rotates it while it runs, and takes no part in it once it has ended
#   the kubelet's own server                          a year; self-signed, made anew when 30 days are left
# The Node says in ablestack.io/certificates-end when the first of them ends, and in ablestack.io/certificates why they could not be renewed.
# https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/
: "\${root?}" "\${state:?}" "\${kubernetes:?}" "\${step:?}"

kubelet_pki=$root/var/lib/kubelet/pki
static_pods='etcd kube-apiserver kube-controller-manager kube-scheduler'
renew_within=$((30 * 86400))
at_any_hour=$((2 * 86400)) # With less left nobody waits for the hour of the day, but for a quarter of one, one in every two hours.
at_once=$((6 * 3600))      # Nor for that with less, nor for the other control planes.

seconds_now() { date +%s; }

# When the certificate on stdin ends, in seconds since 1970.
ends() {
  local text
  text=$(openssl x509 -noout -enddate 2>/dev/null) || return
  date -d "\${text#*=}" +%s
}

embedded() { sed -n "s/^ *client-$1-data: //p" | base64 -d; }

kubeadm_ends() {
  local file
  for file in "$kubernetes"/pki/{apiserver,apiserver-etcd-client,apiserver-kubelet-client,front-proxy-client}.crt "$kubernetes"/pki/etcd/{server,peer,healthcheck-client}.crt; do
    [[ ! -e $file ]] || ends <"$file" || true
  done
  for file in "$kubernetes"/{admin,super-admin,controller-manager,scheduler}.conf; do
    [[ ! -e $file ]] || embedded certificate <"$file" | ends || true
  done
}

kubelet_ends() {
  if [[ -e $kubelet_pki/kubelet-client-current.pem ]]; then
    ends <"$kubelet_pki/kubelet-client-current.pem" || true
  elif [[ -e $kubernetes/kubelet.conf ]]; then
    embedded certificate <"$kubernetes/kubelet.conf" | ends || true
  fi
}

earliest() { sort -n | head -n 1; }

# It can be told that it is locked out: there is a certificate, and its time is over.
locked_out() {
  local end
  end=$(kubelet_ends)
  [[ -n $end ]] && ((end <= $(seconds_now)))
}

# Control planes of one cluster were made in one hour, and their certificates end in one. So that never two restart etcd or the API
# server at a time, each has an hour of the day, by the number in its name: nobody has to be asked for it. Three that do it at once leave
# the API silent for twelve seconds (measured).    its_turn SECONDS COUNT: whose of so many turns of that length it is
its_turn() {
  local number=\${NODE_NAME##*-}
  [[ $number =~ ^[0-9]+$ ]] || number=0
  (($(seconds_now) / $1 % $2 == 10#$number % $2))
}

its_hour() {
  if (($1 <= $(seconds_now) + at_any_hour)); then its_turn 900 8; else its_turn 3600 24; fi
}

running() { ctr -n k8s.io containers list -q "labels.\\"io.kubernetes.container.name\\"==$1"; }

# All members of etcd, asked from inside of this one: an upgrade may have another of them away just now.
etcd_is_whole() {
  local id pki=/etc/kubernetes/pki/etcd
  for id in $(running etcd); do
    if timeout 30 ctr -n k8s.io tasks exec --exec-id "whole-$RANDOM" "$id" etcdctl --cacert $pki/ca.crt --cert $pki/healthcheck-client.crt \\
      --key $pki/healthcheck-client.key endpoint health --cluster >/dev/null 2>&1; then return; fi
  done
  return 1
}

# Of its own: with the certificates of the API over there is nobody who could be asked for the cluster's.
cluster_configuration() {
  printf 'apiVersion: kubeadm.k8s.io/v1beta4\\nkind: ClusterConfiguration\\nkubernetesVersion: v%s\\ncontrolPlaneEndpoint: "%s"\\n' "$(installed)" "$ENDPOINT" |
    write "$state/cluster.yaml"
}

# Which answers by itself, without credentials, on this machine.
health_of() {
  case $1 in
    etcd) echo http://127.0.0.1:2381/health ;;
    kube-apiserver) echo https://127.0.0.1:6443/readyz ;;
    kube-controller-manager) echo https://127.0.0.1:10257/healthz ;;
    kube-scheduler) echo https://127.0.0.1:10259/healthz ;;
  esac
}

await_pod() {
  local tries
  for tries in {1..60}; do
    # The machine's own, and not all of them are under a CA: who answers is not the question.
    if curl --silent --fail --insecure --output /dev/null --noproxy '*' --max-time 5 "$(health_of "$1")"; then return; fi
    if ((tries < 60)); then sleep 3; fi
  done
  fail "$1 does not answer with its new certificate: see its log in /var/log/pods"
}

# The kubelet starts it again at once. Unlike a manifest that is moved away and back, as kubeadm's page has it, it leaves nothing
# half-done should the power go.
end_pod() {
  local id tries
  for id in $(running "$1"); do
    ctr -n k8s.io tasks kill --signal SIGTERM "$id" >/dev/null 2>&1 || continue
    for tries in {1..40}; do
      ctr -n k8s.io tasks list 2>/dev/null | grep "^$id .*RUNNING" >/dev/null || break
      if ((tries < 40)); then sleep 2; fi
    done
  done
}

renew() {
  local pod left end
  marked renewing || keep renewing "$static_pods" # First: whoever is cut off in between still restarts them.
  end=$(kubeadm_ends | earliest)
  if ((end <= $(seconds_now) + renew_within)); then
    cluster_configuration
    run_kubeadm certs renew all --config "$state/cluster.yaml"
    sync # kubeadm does not: a power cut would leave empty files, with which nothing starts again.
    rm -f "$state/kubeadm.log"
  fi
  left=$(cat "$state/renewing")
  for pod in $left; do
    end_pod "$pod"
    left=\${left#"$pod"} left=\${left# }
    keep renewing "$left" # Each is ended once, however long it takes to be back.
    locked_out || await_pod "$pod" # Nobody starts it before the kubelet is in again.
  done
  if locked_out; then sign_kubelet; fi
  for pod in $static_pods; do await_pod "$pod"; done
  rm -f "$state/renewing"
  say "renewed, until $(date -u -d "@$(kubeadm_ends | earliest)" +%F)"
}

# As kubeadm's page on trouble has it ("Kubelet client certificate rotation fails"), by the CA's key that is here.
sign_kubelet() {
  local text name
  name=$kubelet_pki/kubelet-client-$(date -u +%Y-%m-%d-%H-%M-%S).pem
  cluster_configuration
  text=$(kubeadm kubeconfig user --config "$state/cluster.yaml" --client-name "system:node:$NODE_NAME" --org system:nodes 2>/dev/null) ||
    fail 'kubeadm cannot sign a certificate for the kubelet'
  mkdir -p "$kubelet_pki"
  (umask 077 && { embedded certificate && embedded key <<<"$text"; } <<<"$text" >"$name")
  sync "$name"
  ln -sfn "\${name##*/}" "$kubelet_pki/.current" && mv -Tf "$kubelet_pki/.current" "$kubelet_pki/kubelet-client-current.pem"
  edit_kubelet_conf 's#client-(certificate|key)-data: .*#client-\\1: /var/lib/kubelet/pki/kubelet-client-current.pem#'
  systemctl restart kubelet
  say 'the kubelet has a new certificate'
}

# On a worker: with what the core has left here, if it has.
readmit_kubelet() {
  local deadline=$((SECONDS + JOIN_TIMEOUT)) end
  end=$(date -u -d "@$(kubelet_ends)" +%F)
  if [[ ! -e $kubernetes/bootstrap-kubelet.conf ]]; then
    tell "certificates failed: the kubelet's ended on $end. The next run of the cluster's program lets this machine in again; or replace it"
    return
  fi
  say "the kubelet's certificate ended on $end, asking for another one"
  systemctl restart kubelet
  while locked_out; do
    if ((SECONDS >= deadline)); then fail "no new certificate for the kubelet within $JOIN_TIMEOUT s: see journalctl -u kubelet"; fi
    sleep 3
  done
  rm -f "$kubernetes/bootstrap-kubelet.conf"
  say 'the kubelet has a new certificate'
}

# The kubelet makes itself another one where there is none. \`.old\` is what is left to do.
renew_kubelet_server() {
  local end
  end=$([[ ! -e $kubelet_pki/kubelet.crt ]] || ends <"$kubelet_pki/kubelet.crt" || true)
  if [[ -n $end ]] && ((end <= $(seconds_now) + renew_within)); then mv -f "$kubelet_pki/kubelet.crt" "$kubelet_pki/kubelet.crt.old"; fi
  [[ -e $kubelet_pki/kubelet.crt.old ]] || return 0
  rm -f "$kubelet_pki/kubelet.key"
  systemctl restart kubelet
  rm -f "$kubelet_pki/kubelet.crt.old"
  say "the kubelet's server has a new certificate"
}

watch_certificates() {
  step=certificates
  # shellcheck disable=SC2034 # tell reads it: what orders were answered with stays as it is
  local shown=certificates end now well=()
  now=$(seconds_now)
  if [[ $ROLE == control-plane ]]; then
    end=$(kubeadm_ends | earliest)
    if marked renewing || { [[ -n $end ]] && ((end <= now + at_once)); }; then
      renew
    elif [[ -n $end ]] && ((end <= now + renew_within)) && its_hour "$end" && etcd_is_whole; then
      renew
    fi
    if locked_out; then sign_kubelet; fi
  elif locked_out; then
    readmit_kubelet
  fi
  renew_kubelet_server
  end=$({ kubeadm_ends; kubelet_ends; } | earliest)
  [[ -n $end ]] || return 0
  # What could not be renewed is said to be so until it is, and not in this machine's hour alone.
  if ((end > now + renew_within)); then well=(ablestack.io/certificates-); fi
  as_kubelet annotate node "$NODE_NAME" --overwrite "ablestack.io/certificates-end=$(date -u -d "@$end" +%FT%TZ)" "\${well[@]}" >/dev/null || true
}
`;

/** Its part that installs what else is on the ISO; the agent sources it. */
export const addonsScript = `# shellcheck shell=bash
# What a Kubernetes ISO brings beyond Kubernetes and its network; sourced by agent.sh. Control planes install and remove it as their Node says:
#   ablestack.io/addons-on-disc  which their disc had: cloud-controller csi; none
#   ablestack.io/wanted-addons   1.35.4 +cloud-controller -csi: those with + are installed from the disc of that version, those with - removed
#   ablestack.io/addons          the answer: the same; 1.35.4 +csi failed: <why>; 1.35.4 +csi refused: <why>
: "\${media:?}" "\${state:?}" "\${kubernetes:?}" "\${refused:?}" "\${ROLE:?}" "\${task?}" "\${step?}" "\${shown:?}"

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
    if [[ -e $state/\${manifests##* } ]]; then found+="\${found:+ }$name"; fi
  done
  echo "\${found:-none}"
}

remove_manifest() {
  timeout 120 kubectl --kubeconfig "$kubernetes/admin.conf" delete --ignore-not-found --wait=false -f "$state/$1" >/dev/null 2>"$state/manifest.log" ||
    fail "$1 cannot be removed: $(tail -n 2 "$state/manifest.log" | tr '\\n' ' ' | tail -c 300)"
  say "$1 removed"
}

# In a process of its own, as an upgrade.
change_addons() {
  task=$1 step=addons
  local word manifests manifest
  for word in \${task#* }; do
    manifests=$(manifests_of "\${word:1}")
    [[ -n $manifests && $word == [+-]* ]] || refuse "there is no such add-on: $word"
    manifest=\${manifests##* }
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
  if [[ -z $wanted_addons || $wanted_addons == "$has" || \${wanted_addons%% *} != "$(installed)" ]]; then return; fi
  if [[ $wanted_addons == "$tried_addons" ]] && ((rest_addons > 0)); then rest_addons=$((rest_addons - 1)) && return; fi
  tried_addons=$wanted_addons
  change_addons "$wanted_addons" &
  wait "$!" || code=$?
  case $code in 0) rest_addons=0 ;; "$refused") rest_addons=999999999 ;; *) rest_addons=6 ;; esac
}
`;

/** The systemd unit that runs it. */
export const agentUnit = `[Unit]
Description=ABLESTACK Kubernetes node agent
Wants=network-online.target
After=network-online.target containerd.service
ConditionPathExists=/etc/ablestack-kubernetes/node.env
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/bash /usr/local/lib/ablestack-kubernetes/agent.sh
# It goes on after the join: its Node's orders come later. A failed round begins again: what it waited for may come later. 78 is the
# agent's refusal to join, which no waiting mends.
Restart=on-failure
RestartSec=15
RestartPreventExitStatus=78
# kubeadm's children (the kubelet) are units of their own; a stopped agent leaves none behind.
KillMode=control-group

[Install]
WantedBy=multi-user.target
`;
