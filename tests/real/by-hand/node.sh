#!/bin/bash
# A Kubernetes node made by hand, with kubeadm and what is on the ISO: nothing of the node agent is in it. Frozen: it is what the library is timed
# against.      node.sh <init|control-plane|worker> <version> <endpoint> <token> <certificate key> <node name>
set -euo pipefail
action=$1 version=$2 endpoint=$3 token=$4 key=$5 name=$6
export PATH=/usr/local/bin:$PATH

mkdir -p /mnt/iso /opt/cni/bin /etc/cni/net.d /etc/containerd /etc/kubernetes/patches /etc/systemd/system/kubelet.service.d
until mount -o ro -L CDROM /mnt/iso 2>/dev/null || mount -o ro "$(blkid -c /dev/null -t LABEL=CDROM -o device | head -n 1)" /mnt/iso 2>/dev/null; do sleep 1; done
install -m 0755 /mnt/iso/k8s/{kubeadm,kubelet,kubectl} /usr/local/bin/
for archive in /mnt/iso/cni/*.tgz; do tar -xzf "$archive" -C /opt/cni/bin; done
cp /mnt/iso/network.yaml /root/network.yaml

sysctl -q -w net.ipv4.ip_forward=1
printf 'failCgroupV1: false\n' >/etc/kubernetes/patches/kubeletconfiguration+merge.yaml
cat >/etc/containerd/config.toml <<TOML
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$(kubeadm config images list --kubernetes-version "v$version" 2>/dev/null | grep -m 1 '/pause:')"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
TOML
systemctl restart containerd
until ctr version >/dev/null 2>&1; do sleep 0.2; done
for archive in /mnt/iso/docker/*.tar; do
  case $action/${archive##*/} in worker/kube-apiserver* | worker/kube-controller-manager* | worker/kube-scheduler* | worker/etcd*) continue ;; esac
  ctr -n k8s.io images import "$archive" >/dev/null
done

cat >/etc/systemd/system/kubelet.service <<'UNIT'
[Unit]
After=containerd.service
[Service]
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable kubelet 2>/dev/null

if [[ $action == init ]]; then
  cat >/root/kubeadm.yaml <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{token: $token}]
certificateKey: $key
nodeRegistration: {name: $name, ignorePreflightErrors: [SystemVerification]}
patches: {directory: /etc/kubernetes/patches}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$version
controlPlaneEndpoint: $endpoint
apiServer: {certSANs: ["${endpoint%:*}"]}
networking: {podSubnet: 10.244.0.0/16}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
YAML
  kubeadm init --config /root/kubeadm.yaml --upload-certs
  kubectl --kubeconfig /etc/kubernetes/admin.conf apply --server-side -f /root/network.yaml
else
  cat >/root/kubeadm.yaml <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery: {bootstrapToken: {token: $token, apiServerEndpoint: "$endpoint", unsafeSkipCAVerification: true}}
nodeRegistration: {name: $name}
patches: {directory: /etc/kubernetes/patches}
$([[ $action == worker ]] || echo "controlPlane: {certificateKey: $key}")
YAML
  # What a join that came too soon has left must not stop the next one.
  until kubeadm join --config /root/kubeadm.yaml --ignore-preflight-errors=all; do sleep 2; done
fi
