# shellcheck shell=bash
# The certificates of this machine, watched by the node agent; sourced by agent.sh. Whoever has the CA's key (control planes) mends all
# of them, also when they ended while the machine was off. A worker whose kubelet was off for too long can't: the core lets it in
# again by new user data, which leave a bootstrap-kubelet.conf here (readmission.ts).
#   kubeadm's (API server, etcd, controllers, admin)  a year; renewed when 30 days are left, and the static pods restarted
#   the kubelet's for the API                         a year; it rotates it while it runs, and takes no part in it once it has ended
#   the kubelet's own server                          a year; self-signed, made anew when 30 days are left
# The Node says in ablestack.io/certificates-end when the first of them ends, and in ablestack.io/certificates why they could not be renewed.
# https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/
: "${root?}" "${state:?}" "${kubernetes:?}" "${step:?}"

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
  date -d "${text#*=}" +%s
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
  local number=${NODE_NAME##*-}
  [[ $number =~ ^[0-9]+$ ]] || number=0
  (($(seconds_now) / $1 % $2 == 10#$number % $2))
}

its_hour() {
  if (($1 <= $(seconds_now) + at_any_hour)); then its_turn 900 8; else its_turn 3600 24; fi
}

running() { ctr -n k8s.io containers list -q "labels.\"io.kubernetes.container.name\"==$1"; }

# All members of etcd, asked from inside of this one: an upgrade may have another of them away just now.
etcd_is_whole() {
  local id pki=/etc/kubernetes/pki/etcd
  for id in $(running etcd); do
    if timeout 30 ctr -n k8s.io tasks exec --exec-id "whole-$RANDOM" "$id" etcdctl --cacert $pki/ca.crt --cert $pki/healthcheck-client.crt \
      --key $pki/healthcheck-client.key endpoint health --cluster >/dev/null 2>&1; then return; fi
  done
  return 1
}

# Of its own: with the certificates of the API over there is nobody who could be asked for the cluster's.
cluster_configuration() {
  printf 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v%s\ncontrolPlaneEndpoint: "%s"\n' "$(installed)" "$ENDPOINT" |
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
    left=${left#"$pod"} left=${left# }
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
  ln -sfn "${name##*/}" "$kubelet_pki/.current" && mv -Tf "$kubelet_pki/.current" "$kubelet_pki/kubelet-client-current.pem"
  edit_kubelet_conf 's#client-(certificate|key)-data: .*#client-\1: /var/lib/kubelet/pki/kubelet-client-current.pem#'
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

# The kubelet makes itself another one where there is none. `.old` is what is left to do.
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
  as_kubelet annotate node "$NODE_NAME" --overwrite "ablestack.io/certificates-end=$(date -u -d "@$end" +%FT%TZ)" "${well[@]}" >/dev/null || true
}
