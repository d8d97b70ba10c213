#!/bin/sh
# Stands in for the commands of a machine that the agent calls, by the name it was called under. $FAKE holds what the world is like:
#   calls           a line per call            endpoint      ours, foreign or nobody
#   device-after    how often blkid finds nothing yet         isos/<name>   what a disc holds; the file dev/sr0 names the one in the drive
#   clusters        a line per etcd that was made             applied, annotation (what the agent answered), kubelet (down)
#   next, prepared  the version to prepare for, and the answer
#   collected       the kubelet has thrown away all images since
#   taking-up       how often the kubelet has not taken up its pods yet
#   wanted-addons, addons, addons-on-disc  the order, the answer and the offer; manifests: a line per one that was applied (+) or removed (-)
#   wanted, leads   the order on the node                     configured    the version in kubeadm-config
#   polls           how often the agent asks for orders before systemd stops it; on-poll is run before each further time
name=${0##*/}
name=${name%.candidate} && name=${name#.} && name=${name%.new} # The copies of what is on a disc that the agent tries out.
root=$ABLESTACK_ROOT
etc=$root/etc/kubernetes
echo "$name $*" >>"$FAKE/calls"
[ "$(wc -l <"$FAKE/calls")" -lt 500 ] || kill -9 0 # It goes in circles: pauses take no time here.

# One stage of a command that takes long: a power cut may come before each (see power.sh for those between the agent's own commands).
stage() {
  echo "  $1" >>"$FAKE/calls"
  stages=$(grep -c '^  ' "$FAKE/calls")
  [ "$stages" != "${CUT_AT_STAGE:-}" ] || kill -9 0
}

# kubeadm's preflight: is something in the way that the command line does not ignore?
check_free() {
  [ ! -e "$1" ] && return
  case ",$ignored," in *",$2,"*) ;; *) echo "error execution phase preflight: [ERROR $2]: $1 exists" >&2 && exit 1 ;; esac
}

kubeadm_flags() {
  ignored='' skipped='' config=''
  while [ $# -gt 0 ]; do
    case $1 in
      --config) config=$2 && shift ;;
      --ignore-preflight-errors=*) ignored=${1#*=} ;;
      --skip-phases=*) skipped=${1#*=} ;;
      --skip-token-print) quiet=yes ;;
    esac
    shift
  done
  [ -e "$config" ] || { echo "no $config" >&2 && exit 1; }
  check_free "$etc/kubelet.conf" FileAvailable--etc-kubernetes-kubelet.conf
  check_free "$etc/bootstrap-kubelet.conf" FileAvailable--etc-kubernetes-bootstrap-kubelet.conf
  check_free "$etc/manifests/etcd.yaml" FileAvailable--etc-kubernetes-manifests-etcd.yaml
  check_free "$root/var/lib/etcd/member" DirAvailable--var-lib-etcd
  mkdir -p "$etc/manifests"
}

# A control plane's kubelet asks the API server beside it, a worker's the balancer.
kubelet_conf() {
  case $ROLE in control-plane) printf 'server: https://10.1.1.10:6443\n' ;; *) printf 'server: https://%s\n' "$ENDPOINT" ;; esac >"$etc/kubelet.conf"
}

case $name in
  blkid)
    left=$(cat "$FAKE/device-after")
    # The signature of the disc, or the devices by label.
    case $* in *export*) cat "$root/dev/sr0" 2>/dev/null; exit ;; esac
    [ "$left" -le 0 ] || { echo $((left - 1)) >"$FAKE/device-after" && exit 2; }
    [ ! -e "$root/dev/sr0" ] || echo "$root/dev/sr0"
    ;;
  mount) # mount -o ro <device> <place>
    cp -r "$FAKE/isos/$(cat "$3")/." "$4" && touch "$4/.mounted"
    ;;
  umount) rm -rf "$1" && mkdir "$1" ;;
  mountpoint) [ -e "$2/.mounted" ] ;;
  sync) # All that matters here, or these files: a power cut leaves of the others what was written of them before (Machine.lose).
    if [ $# -gt 0 ]; then
      /usr/bin/stat -c %i-%.9Y "$@"
    else
      find "$etc/kubelet.conf" "$etc/pki" "$root/etc/systemd" "$root/etc/containerd" "$root/usr/local/bin" "$root/var/lib/ablestack-kubernetes" "$root/var/lib/kubelet" \
        -type f -exec /usr/bin/stat -c %i-%.9Y {} + 2>/dev/null
    fi | while read -r seen; do : >"$FAKE/on-disk/$seen"; done
    ;;
  stat) cat "$FAKE/cgroup" ;;
  swapoff) [ ! -e "$FAKE/swap-stays" ] || { echo 'swapoff: /swapfile: Cannot allocate memory' >&2 && exit 4; } ;;
  sysctl) [ ! -e "$FAKE/sysctl-fails" ] || { cat "$FAKE/sysctl-fails" >&2 && exit 1; } ;;
  curl)
    case $* in *127.0.0.1:[!1]* | *127.0.0.1:1025*) exit 0 ;; *:10248/*) [ "$(cat "$FAKE/kubelet" 2>/dev/null)" != down ] && exit 0 || exit 7 ;; esac
    case $(cat "$FAKE/endpoint") in ours) exit 0 ;; foreign) exit 60 ;; *) exit 7 ;; esac
    ;;
  sleep)
    case $1 in
      *.*) # The agent's pause between two questions for orders; the others are whole seconds.
        left=$(($(cat "$FAKE/polls" 2>/dev/null || echo 0) - 1)) && echo $left >"$FAKE/polls"
        [ $left -ge 0 ] || { kill -TERM "$PPID" && exit; }
        [ ! -x "$FAKE/on-poll" ] || "$FAKE/on-poll"
        exit
        ;;
    esac
    [ ! -x "$FAKE/on-sleep" ] || "$FAKE/on-sleep" ;;
  ctr)
    [ "$*" = version ] && exit 0
    case "$3 $4" in
      'containers list') case $6 in *etcd*) echo etcd-1 ;; *kube-*) echo "kube-${6##*kube-}" | tr -d '"' ;; esac; exit ;;
      'images list') [ -e "$FAKE/collected" ] || { for version in 1.34.2 1.34.9 1.35.4 1.36.3; do echo "registry.k8s.io/kube-apiserver:v$version"; done && echo registry.k8s.io/pause:3.10.1; }; exit ;;
      'tasks exec') [ "$(cat "$FAKE/etcd" 2>/dev/null)" != broken ]; exit ;;
      'tasks kill') stage "end $7" && echo "$7" >>"$FAKE/ended"; exit ;;
      'tasks list') exit ;;
    esac
    stage "import ${5##*/}"
    grep -q damaged "$5" && echo "ctr: unexpected EOF" >&2 && exit 1
    cat "$5" >>"$root/var/lib/images" && rm -f "$FAKE/collected"
    ;;
  kubelet) [ "${1:-}" != --version ] || echo "Kubernetes v@VERSION@" ;;
  df) printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 1 1 %s 1%% /\n' "$(cat "$FAKE/free" 2>/dev/null || echo 99999999)" ;;
  # A certificate is played by a line with the second in which it ends.
  openssl) end=$(sed -n 's/^ends //p' | head -n 1) && [ -n "$end" ] && echo "notAfter=@$end" || exit 1 ;;
  date) case "$*" in +%s) cat "$FAKE/now" 2>/dev/null || exec /usr/bin/date +%s ;; *) exec /usr/bin/date "$@" ;; esac ;;
  journalctl)
    left=$(cat "$FAKE/taking-up" 2>/dev/null || echo 0)
    [ "$left" -le 0 ] || { echo $((left - 1)) >"$FAKE/taking-up" && exit; }
    echo 'desired_state_of_world_populator.go:154] "Finished populating initial desired state of world"'
    ;;
  systemctl)
    case $* in 'restart kubelet')
      # It asks for a certificate with what it finds.
      [ ! -e "$FAKE/lets-in" ] || [ ! -e "$etc/bootstrap-kubelet.conf" ] || cp "$FAKE/lets-in" "$root/var/lib/kubelet/pki/kubelet-client-current.pem"
      stage 'kubelet' && grep server: "$etc/kubelet.conf" >>"$FAKE/kubelet-asks" && "$root/usr/local/bin/kubelet" --version >"$root/var/lib/kubelet-runs" ;; esac
    ;;
  kubeadm)
    case "$1 $2" in
      'version -o') echo v@VERSION@ ;;
      'config images') printf 'registry.k8s.io/kube-apiserver:v@VERSION@\nregistry.k8s.io/pause:3.10.1\n' && { [ ! -e "$FAKE/more-images" ] || cat "$FAKE/more-images" || exit; } ;;
      'certs renew')
        [ ! -e "$FAKE/kubeadm-fails" ] || { cat "$FAKE/kubeadm-fails" >&2 && exit 1; }
        for certificate in apiserver etcd/server; do stage "renew $certificate" && cp "$FAKE/renewed" "$etc/pki/$certificate.crt"; done
        printf 'client-certificate-data: %s\n' "$(base64 -w0 "$FAKE/renewed")" >"$etc/admin.conf"
        ;;
      'kubeconfig user')
        [ -e "$etc/pki/ca.key" ] || exit 1
        printf '    client-certificate-data: %s\n    client-key-data: %s\n' "$(base64 -w0 "$FAKE/renewed")" "$(echo 'its key' | base64 -w0)"
        ;;
      'init '*)
        shift && kubeadm_flags "$@"
        [ "${quiet:-}" = yes ] || { echo 'the token would be printed' >&2 && exit 1; }
        stage 'init: manifests' && touch "$etc/manifests/etcd.yaml"
        stage 'init: etcd' && { [ -e "$root/var/lib/etcd/member" ] || echo made >>"$FAKE/clusters"; } && mkdir -p "$root/var/lib/etcd/member"
        stage 'init: kubelet' && kubelet_conf
        stage 'init: api' && echo ours >"$FAKE/endpoint"
        stage 'init: admin' && echo conf >"$etc/admin.conf"
        stage 'init: done'
        ;;
      'join '*)
        shift && kubeadm_flags "$@"
        if [ "$skipped" != kubelet-start ]; then
          [ ! -e "$FAKE/node-ready" ] || { echo "a Node with that name and status Ready already exists ($(grep -o '[a-z0-9]\{6\}\.[a-z0-9]\{16\}' "$config"))" >&2 && exit 1; }
          stage 'join: bootstrap' && echo token >"$etc/bootstrap-kubelet.conf"
          stage 'join: etcd' && case $ROLE in control-plane) touch "$etc/manifests/etcd.yaml" && mkdir -p "$root/var/lib/etcd/member" ;; esac
          stage 'join: kubelet' && kubelet_conf && touch "$FAKE/node-ready"
        fi
        stage 'join: done' && rm -f "$etc/bootstrap-kubelet.conf"
        ;;
      'upgrade apply' | 'upgrade node')
        case "$* " in *' --patches '*) ;; *) echo 'the patches of this machine would be lost' >&2 && exit 1 ;; esac
        if [ "$2" = apply ]; then
          [ "$3 $4" = 'v@VERSION@ --yes' ] || { echo "this is kubeadm @VERSION@" >&2 && exit 1; }
        fi
        # Its copies of etcd carry in their names when they were made.
        copy=$etc/tmp/kubeadm-backup-etcd-$(printf %03d "$(grep -c '^kubeadm upgrade' "$FAKE/calls")")
        [ "$ROLE" = worker ] || { mkdir -p "$copy" && echo secret >"$copy/db"; }
        [ ! -e "$FAKE/kubeadm-fails" ] || { cat "$FAKE/kubeadm-fails" >&2 && exit 1; }
        stage 'upgrade: images'
        stage 'upgrade: manifests' && [ "$ROLE" = worker ] || echo "v@VERSION@" >"$etc/manifests/etcd.yaml"
        stage 'upgrade: configuration' && [ "$2" = node ] || echo @VERSION@ >"$FAKE/configured"
        stage 'upgrade: kubelet' && echo "v@VERSION@" >"$root/var/lib/kubelet-flags"
        ;;
    esac
    ;;
  kubectl)
    [ "$1" != version ] || { echo "Client Version: v@VERSION@" && exit; }
    [ -e "$2" ] || { echo "no $2" >&2 && exit 1; }
    case "$3" in
      get)
        [ "$(cat "$FAKE/endpoint")" = ours ] || exit 1
        printf '%s\n%s\n' "$(cat "$FAKE/next" 2>/dev/null)" "$(cat "$FAKE/prepared" 2>/dev/null)"
        printf '%s\n%s\n' "$(cat "$FAKE/leads" 2>/dev/null)" "$(cut -d= -f2- "$FAKE/annotation" 2>/dev/null)"
        printf '%s\n%s\n%s\n%s.' "$(cat "$FAKE/addons-on-disc" 2>/dev/null)" "$(cat "$FAKE/addons" 2>/dev/null)" "$(cat "$FAKE/wanted-addons" 2>/dev/null)" "$(cat "$FAKE/wanted" 2>/dev/null)"
        ;;
      -n) printf 'apiVersion: kubeadm.k8s.io/v1beta4\nkubernetesVersion: v%s\n' "$(cat "$FAKE/configured")" ;;
      apply)
        [ "$(cat "$FAKE/endpoint")" = ours ] || { echo 'connection refused' >&2 && exit 1; }
        [ ! -e "$FAKE/manifest-fails" ] || { cat "$FAKE/manifest-fails" >&2 && exit 1; }
        cat "$7" >"$FAKE/applied" && echo "+${7##*/}" >>"$FAKE/manifests"
        ;;
      delete)
        if [ "$(cat "$FAKE/endpoint")" != ours ] || [ ! -e "$7" ]; then echo 'connection refused' >&2 && exit 1; fi
        echo "-${7##*/}" >>"$FAKE/manifests"
        ;;
      annotate)
        shift 6
        for change in "$@"; do
          case $change in
            --*) break ;;
            *io/agent=*) echo "$change" >"$FAKE/annotation" && echo "$change" >>"$FAKE/answers" ;;
            *io/prepared=*) echo "${change#*=}" >"$FAKE/prepared" && echo "${change#*=}" >>"$FAKE/preparations" ;;
            *io/addons=* | *io/addons-on-disc=*) key=${change#*/} && echo "${change#*=}" >"$FAKE/${key%%=*}" && echo "${change#*/}" >>"$FAKE/addon-answers" ;;
            *io/*-) key=${change#*/} && rm -f "$FAKE/annotation-${key%-}" ;;
            *) key=${change#*/} && echo "$change" >"$FAKE/annotation-${key%%=*}" ;;
          esac
        done
        ;;
    esac
    ;;
esac
exit 0
