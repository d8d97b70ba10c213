/** How long things take inside a simulated machine, in milliseconds of emulator time. The one table; benchmarks read it too. */
export const durations = {
  /** Power on to the end of the kernel's boot. */
  boot: 12_000,
  /** Cloud-init reading the user data and writing its files. */
  cloudInit: 4_000,
  /** Loading the ISO's images into containerd. */
  imageImport: 5_000,
  /** `kubeadm init`: from its start to an API server that answers. */
  init: 12_000,
  /** `kubeadm join --control-plane`: one at a time per etcd, because etcd takes one learner at a time. */
  controlPlaneJoin: 10_000,
  /** `kubeadm join` of a worker. */
  workerJoin: 4_000,
  /** From a registered kubelet to a Ready node: the CNI starts. */
  nodeReady: 3_000,
  /** A machine that is already a member: from the end of cloud-init to its static pods (or its kubelet) being up again. */
  serviceStart: 5_000,
  /** An upgrade in place of a control plane, from the agent's "upgrading" to its "upgraded". */
  controlPlaneUpgrade: 90_000,
  /** Towards the end of it, its etcd and its API server are away while the kubelet changes their static pods. */
  apiRestart: 8_000,
  /** The end of any upgrade in place: kubeadm is done, the new kubelet is put in place and started. */
  kubeletRestart: 5_000,
  /** An upgrade in place of a worker. */
  workerUpgrade: 25_000,
  /** From an agent's failed upgrade to its next attempt; every further pause is twice as long, up to sixteen times this. */
  upgradeRetry: 20_000,
  /** From an agent's failed round to its next (systemd's `RestartSec` in its unit). */
  agentRestart: 15_000,
  /** Silence of a kubelet after which its node is NotReady (`node-monitor-grace-period`). */
  nodeGrace: 40_000,
  /** How often an idle watch is sent a bookmark. */
  watchBookmark: 60_000,
} as const;

export type Durations = { readonly [K in keyof typeof durations]: number };
