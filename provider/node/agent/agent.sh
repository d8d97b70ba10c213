#!/bin/bash
# The node agent of ablestack-kubernetes: makes this machine a node of its cluster with what cloud-init wrote and with the
# Kubernetes ISO that Mold attaches, and then goes on as what upgrades it (upgrade.sh). Begins anew at every boot. Every step may be
# cut off at any point and run again; what is done is marked in $state. One line in the journal per step; a failure goes to the
# console and, where the API answers, to the node.
set -Eeuo pipefail
shopt -s nullglob
umask 022

root=${ABLESTACK_ROOT:-} # Empty on a machine; tests run the agent inside a directory.
settings=$root/etc/ablestack-kubernetes
kubernetes=$root/etc/kubernetes
state=$root/var/lib/ablestack-kubernetes
media=$root/run/ablestack-kubernetes/iso
bin=$root/usr/local/bin
export PATH="$bin:$PATH"

# shellcheck source=/dev/null
. "$settings/node.env"
: "${NODE_NAME:?}" "${ROLE:?}" "${ACTION:?}" "${KUBERNETES_VERSION:?}" "${ENDPOINT:?}" "${JOIN_TIMEOUT:?}"

refused=78  # The exit code that systemd does not restart on (see the unit).
step=start
shown=agent # The annotation of the node that answers are for.
task=''     # What the node is told has failed: the step, unless it is part of something larger.
reason=''   # Why a step failed, in words; else the line that failed is said.

say() { printf '%s: %s\n' "$step" "$*"; }

console() { printf 'ablestack-kubernetes: %s: %s\n' "$NODE_NAME" "$1" >"$root/dev/console" || true; } 2>/dev/null

# What somebody outside may have to do something about, and that no round of the agent ends with.
waiting() {
  say "waiting: $1"
  console "${task:-$step} waits: $1"
}

# One file in place of another, whole or not at all: of what is renamed before it is on the disk a power cut could leave the name alone.
put() { sync "$1" && mv -f "$1" "$2"; }

# What stdin has, as that file.
write() { cat >"$1.new" && put "$1.new" "$1"; }

# In $state.
keep() { printf '%s\n' "$2" >"$state/.$1" && put "$state/.$1" "$state/$1"; }

# What the node was told last; nothing yet: nothing.
last_answer() { cat "$state/answer" 2>/dev/null || true; }

# Tells people outside: the console shows in Mold, the annotation in `kubectl describe node`. Neither may stop the agent.
tell() {
  [[ $shown != agent ]] || keep answer "$1" || true # Said again while the node does not show it (upgrade.sh).
  console "$1"
  if [[ -e $kubernetes/kubelet.conf && -x $bin/kubectl ]]; then
    timeout 20 kubectl --kubeconfig "$kubernetes/kubelet.conf" annotate node "$NODE_NAME" --overwrite "ablestack.io/$shown=$1" >/dev/null || true
  fi
} 2>/dev/null

failed() {
  local text="${reason:-line $1 failed}"
  trap - ERR
  say "failed: $text" >&2
  tell "${task:-$step} failed: $text"
  exit 1
}
trap 'failed $LINENO' ERR

fail() { reason=$1; return 1; }

refuse() {
  say "refused: $1" >&2
  tell "${task:-$step} refused: $1"
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
    fail "kubeadm $1: $(tail -n 4 "$log" | tr -s '\n\t ' ' ' | sed -E 's/[a-z0-9]{6}\.[a-z0-9]{16}/[token]/g; s/ $//' | tail -c 500)"
  fi
}

# --- the machine ------------------------------------------------------------------------------------------------------------

prepare_host() {
  step=host
  modprobe -a overlay br_netfilter 2>/dev/null || true # Built in on some kernels; kubeadm's own checks say if they are missing.
  install -d -m 0755 "$root/etc/sysctl.d" "$root/etc/modules-load.d" "$root/etc/systemd/system/kubelet.service.d" \
    "$bin" "$root/opt/cni/bin" "$root/etc/cni/net.d" "$settings/patches" "$root/etc/containerd/certs.d"
  printf 'overlay\nbr_netfilter\n' >"$root/etc/modules-load.d/ablestack-kubernetes.conf"
  printf 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 1\n' \
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
    printf 'spec:\n  containers:\n  - name: %s\n    startupProbe: {initialDelaySeconds: 1, periodSeconds: 2, failureThreshold: 120}\n' "$name" \
      >"$settings/patches/$name+strategic.yaml"
  done
}

# Only a machine that has cgroup v1 is let off kubelet 1.35's refusal of it, and off kubeadm's check; the others keep both. At
# every upgrade too, workers included: kubeadm forgets both in between.
note_cgroup() {
  kubeadm_ignores=()
  if [[ $(stat -fc %T "$root/sys/fs/cgroup") != cgroup2fs ]]; then
    printf 'failCgroupV1: false\n' >"$settings/patches/kubeletconfiguration+merge.yaml"
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
  case $ROLE/${1##*/} in worker/kube-apiserver* | worker/kube-controller-manager* | worker/kube-scheduler* | worker/etcd*) return 1 ;; esac
}

# What is on the disc fits before any of it is taken: containerd keeps an image packed and unpacked, a program is put beside the one
# that it takes the place of, and kubeadm backs etcd up before it upgrades it. Says in $wrong what is missing.
check_room() {
  local place need free at archive archives=()
  local -A needs=() rooms=()
  for archive in "$media"/docker/*.tar; do if is_wanted_here "$archive"; then archives+=("$archive"); fi; done
  for place in "$root/var/lib/containerd $(($(size_of "${archives[@]}" /dev/null) * 3))" "$bin $(($(size_of "$media"/{k8s,cni,cri-tools}) * 2))" \
    "$kubernetes $(size_of "$root/var/lib/etcd")"; do
    need=${place##* } place=${place% *}
    mkdir -p "$place" 2>/dev/null || true
    while [[ ! -d $place ]]; do place=${place%/*}; done
    read -r free at < <(df -Pk "$place" | awk 'NR == 2 { print $4, $6 }')
    needs[$at]=$((${needs[$at]:-0} + need)) rooms[$at]=$free
  done
  for at in "${!needs[@]}"; do
    free=${rooms[$at]} need=${needs[$at]}
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
    wrong="it is damaged: $(tr -s '\n' ' ' <<<"${damaged:-SHA256SUMS cannot be read}" | head -c 300)"
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
  said=$("$bin/.$1.new" "${asked[@]}" 2>/dev/null) || said=''
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
  pause=$(kubeadm config images list --kubernetes-version "v$KUBERNETES_VERSION" 2>/dev/null | awk '/\/pause:/ { image = $0 } END { print image; exit image == "" }') ||
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
# go on from them. Never `kubeadm reset`: with two etcd members it could throw away the one that quorum hangs on.
own_leavings() {
  local file port
  kubeadm_ignores+=(FileAvailable--etc-kubernetes-{kubelet,bootstrap-kubelet}.conf FileAvailable--etc-kubernetes-pki-ca.crt
    DirAvailable--etc-kubernetes-manifests DirAvailable--var-lib-etcd)
  for file in kube-apiserver kube-controller-manager kube-scheduler etcd; do kubeadm_ignores+=("FileAvailable--etc-kubernetes-manifests-$file.yaml"); done
  for port in 6443 10250 10257 10259 2379 2380; do kubeadm_ignores+=("Port-$port"); done
}

ignore_flag() { (IFS=, && [[ ${#kubeadm_ignores[@]} -eq 0 ]] || echo "--ignore-preflight-errors=${kubeadm_ignores[*]}"); }

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
  run_kubeadm init --config "$settings/kubeadm.yaml" --skip-token-print "${flags[@]}"
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
  fail "$1 cannot be applied: $(tail -n 2 "$state/manifest.log" | tr '\n' ' ' | tail -c 300)"
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
  run_kubeadm join --config "$settings/kubeadm.yaml" "${flags[@]}"
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
    [[ ! -f $file ]] || printf '#cloud-config\n' >"$file"
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
