/**
 * How long things take, in milliseconds of work (divided by the clock's speed). From the `seconds` of the recordings; what
 * varied there (a first machine makes its network's router too) is one fixed figure here, so that plans can be measured.
 */
export const defaultDurations = {
  createNetwork: 200,
  deleteNetwork: 540,
  restartNetwork: 6000,
  associateIpAddress: 500,
  disassociateIpAddress: 500,
  firewallRule: 600,
  egressRule: 530,
  createVpc: 2600,
  deleteVpc: 2600,
  /** An access list is a row; only its rules reach the router. */
  aclList: 10,
  aclItem: 530,
  /** Counters, conditions, policies, profiles: rows that no router hears of. */
  autoscale: 50,
  createForward: 540,
  changeForward: 540,
  createBalancer: 500,
  changeBalancer: 550,
  deleteBalancer: 550,
  assign: 500,
  unassign: 500,
  tags: 50,
  deploy: 6300,
  deployStopped: 550,
  start: 1600,
  stop: 5000,
  stopStopped: 1500,
  reboot: 1100,
  destroy: 1000,
  expunge: 1000,
  attachIso: 500,
  detachIso: 500,
  scale: 580,
  /** Not recorded: a simulator that resizes no disk was. Taken to be as long as changing the offering. */
  resize: 580,
  affinityGroup: 50,
  cluster: 500,
  /** Mold's own Kubernetes service: what it does to one machine beside starting or stopping it (recorded: a second each). */
  serviceMachine: 1100,
  /** Its network rules, and its ISO on every machine. */
  serviceRules: 1500,
  /** How often it looks whether an API answers and nodes are Ready (upstream: KubernetesClusterUtil). */
  servicePoll: 15_000,
  /** Draining one node, and upgrading one, over SSH. Not recorded. */
  serviceDrain: 10_000,
  serviceUpgrade: 60_000,
  /** How often its scanner compares the state of a cluster with its machines, and its autoscaler the pods with the nodes. */
  serviceScan: 30_000,
  /** How long after a restart it looks for what was under way then. */
  serviceRestart: 300_000,
  /** For how long a node must hold no pod that would have to move, before the autoscaler removes it (`scale-down-unneeded-time`). */
  serviceIdle: 600_000,
  /** A job that only finds that it can't: `deleteLoadBalancerRule` of what is gone. */
  refuse: 30,
  /** How long after a machine runs an ordered `hostLost` strikes, and how long its host is away. */
  hostLostAfter: 30_000,
  hostAway: 60_000,
  /** How long an ordered `processKilled` keeps an in-process emulator away. */
  processAway: 5000,
} as const;

export type DurationName = keyof typeof defaultDurations;
export type Durations = Readonly<Record<DurationName, number>>;
