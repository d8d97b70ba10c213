/**
 * The contract between the API side of the embedded Mold (accounts, networks, rules, jobs: the rest of this folder) and
 * what runs the machines (`simulated/` and `nspawn/`).
 *
 * The API side decides *that* a machine runs, and says so here. The hypervisor decides what happens inside it. The API
 * side calls in; the hypervisor calls back only through its {@link HypervisorContext}. Every call is idempotent:
 * it may come again after a restart of the process (`kill -9` between the call and its record in the journal).
 */
import type { EmulatorClock } from "./clock";

/** What can be written to the one store file. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A Kubernetes ISO (or any other) in a machine's drive. */
export interface IsoSpec {
  readonly id: string;
  /** As registered, for instance `v1.35.4-kubernetes-iso`. */
  readonly name: string;
  /** The Kubernetes version it carries, `1.35.4`; undefined when it is no Kubernetes ISO. */
  readonly version: string | undefined;
}

/** A machine as the hypervisor sees it. */
export interface MachineSpec {
  /** Mold's id (UUID); stable for the machine's life. */
  readonly id: string;
  /** Mold's internal name of the instance, for instance `i-2-12-VM`. */
  readonly instanceName: string;
  /** The name given at deploy; also the host name inside the machine. */
  readonly name: string;
  readonly hostname: string;
  readonly guestIp: string;
  readonly networkId: string;
  /** The network's gateway address, for instance `10.1.1.1`. */
  readonly gateway: string;
  /** The network's range, for instance `10.1.1.0/24`. */
  readonly networkCidr: string;
  readonly cpu: number;
  readonly memoryMb: number;
  /** Base64 as the API was given it (cloud-config, possibly gzip'ed inside). Undefined: none. */
  readonly userData: string | undefined;
  readonly iso: IsoSpec | undefined;
  readonly templateName: string;
  /** Public keys (OpenSSH lines) of the key pairs named at deploy. */
  readonly sshPublicKeys: readonly string[];
  /** The name of the host it was placed on. */
  readonly hostName: string;
}

/** One guest end of a public port. */
export interface ExposureTarget {
  readonly machineId: string;
  readonly guestIp: string;
  readonly privatePort: number;
}

/** A port of a public address that balancer or port-forwarding rules lead somewhere. */
export interface PublicExposure {
  /** For instance `127.80.0.3`, or of real machines `198.18.0.3`. */
  readonly address: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** `loadBalancer` or `portForward`; with their rule's id. */
  readonly kind: "loadBalancer" | "portForward";
  readonly ruleId: string;
  /** The guest network whose router has the address. */
  readonly networkId: string;
  /** Of a balancer: `roundrobin`, `leastconn` or `source`. */
  readonly algorithm?: string;
  /**
   * Source ranges that the address's firewall rules let in to this port and protocol, as written in the rules
   * (`0.0.0.0/0`, `10.1.1.0/24`). Empty: nobody; the hypervisor then opens no listener.
   */
  readonly allowedCidrs: readonly string[];
  /** In the order in which they were assigned. Also machines that do not run: the hypervisor knows which of them answer. */
  readonly targets: readonly ExposureTarget[];
}

/** A guest network that has a virtual router. */
export interface NetworkSpec {
  readonly id: string;
  /** For instance `10.1.1.0/24`. */
  readonly cidr: string;
  readonly gateway: string;
  /** The public addresses that lead to it; the first is that of source NAT, if it has one. */
  readonly addresses: readonly string[];
}

/** A node as `kubectl get nodes` on a control plane shows it. */
export interface ShownNode {
  readonly name: string;
  readonly ready: boolean;
  readonly schedulable: boolean;
  /** Of its kubelet: `1.35.4`. */
  readonly version: string;
}

/**
 * What Mold's own Kubernetes service does on the machines of a cluster by SSH (upstream: KubernetesClusterUtil.java and the workers).
 * `machineIds` are those of its control planes: the first that serves is asked. Undefined, or a text, when none does or it failed.
 */
export interface NodeShell {
  nodes(machineIds: readonly string[]): readonly ShownNode[] | undefined;
  /** `kubectl drain --ignore-daemonsets --delete-emptydir-data`: why it failed, or undefined. It cordons first, whatever comes of it. */
  drain(machineIds: readonly string[], node: string): string | undefined;
  uncordon(machineIds: readonly string[], node: string): string | undefined;
  deleteNode(machineIds: readonly string[], node: string): string | undefined;
  /** The service's upgrade script on that machine: `kubeadm upgrade apply` on the first, `node` on the others, and a newer kubelet. */
  upgrade(machineId: string, version: string, options: { readonly first: boolean }): string | undefined;
  /** On somebody's machine that is to be a node, or is one no longer: what kubeadm has left goes, and cloud-init reads its user data again at the next boot. */
  reset(machineId: string): void;
  /** How many pods no node has room for, and which nodes hold none that would have to move: what the autoscaler goes by. */
  demand(machineIds: readonly string[]): { readonly pending: number; readonly idle: readonly string[] } | undefined;
}

/** The faults that happen inside the hypervisor; the API side keeps the orders (see `faults.ts`). */
export type MachineFaultKind = "hostLost" | "machineNeverBoots" | "nodeNeverReady";

/** What a hypervisor is given. Nothing of it may be called before the factory has returned. */
export interface HypervisorContext {
  /** Durations are milliseconds of work (divided by the clock's `speed`); to take one up after a restart see `workLeft` in `clock.ts`. */
  readonly clock: EmulatorClock;
  /**
   * A seeded source for ids and the like: the same seed gives the same sequence. Never for keys or certificates.
   * Returns a UUID-shaped string.
   */
  uuid(): string;
  /** A line in the log of the process (`logs`) and an event row (`listEvents`) of the machine's owner when `machineId` is known. */
  emit(event: { readonly machineId?: string; readonly type: string; readonly text: string }): void;
  /**
   * Keeps `value` under `key` in the emulator's one store file, written before this returns (it survives `kill -9`);
   * `undefined` removes it. Keys are the hypervisor's own namespace.
   */
  persist(key: string, value: Json | undefined): void;
  /** What was last persisted under `key`; undefined when nothing was. */
  load(key: string): Json | undefined;
  /** All keys that have a value and start with `prefix`, sorted. */
  keys(prefix: string): string[];
  /**
   * Whether a fault of that kind is ordered for this machine. Asking takes it: an order with `count: 1` answers true once.
   * Ask at the moment of the thing itself: `machineNeverBoots` on each power on, `nodeNeverReady` when the node would turn
   * Ready. `hostLost` is for information; the API side itself stops such machines (see {@link Hypervisor.stop}).
   */
  faultFor(kind: MachineFaultKind, machineName: string): boolean;
  /** The machine has powered itself off (not by {@link Hypervisor.stop}): the API side shows it as Stopped. */
  onStopped(machineId: string): void;
  /**
   * Whether real sockets may be opened on the public addresses. False for in-process use with no listening server (tests
   * with virtual time); {@link Hypervisor.request} then is the only way to a machine's API.
   */
  readonly listen: boolean;
  /** The range that this cloud's public addresses are of, for instance `127.80.0.0/24`. */
  readonly publicRange: string;
}

/** A request to a port of a public address, made without a socket. Bodies are text. */
export interface DirectRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The PEM of the client certificate that a TLS handshake would have presented; its key is taken as proven. */
  readonly clientCertificate?: string;
}

/** What answers a {@link DirectRequest}. */
export interface DirectResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What runs the machines. */
export interface Hypervisor {
  /**
   * Powers the machine on. Returns at once; the boot takes time on the clock. The first start of an id makes its disk;
   * a later one (after stop) boots from what is on it. Already running: nothing happens, but the spec is taken over.
   */
  start(machine: MachineSpec): void;
  /** Powers off; `forced` pulls the plug (also: its host was lost). The disk stays. Not running: nothing happens. */
  stop(machineId: string, options: { readonly forced: boolean }): void;
  /** Restarts a running machine; its disk stays. User data and ISO are those last told. */
  reboot(machineId: string): void;
  /** The machine and its disk are gone for good (expunged). Unknown id: nothing happens. */
  destroy(machineId: string): void;
  attachIso(machineId: string, iso: IsoSpec): void;
  detachIso(machineId: string): void;
  /** The machine's user data as it will be read at the next boot; base64 or undefined for none. */
  updateUserData(machineId: string, userData: string | undefined): void;
  /**
   * All public ports there are, the whole list each time any rule, member, firewall rule or guest address changes:
   * what is not in it is closed. With all networks that have a router: what else was one's is gone.
   */
  exposure(rules: readonly PublicExposure[], networks: readonly NetworkSpec[]): void;
  /** Resolves when the ports that were last told are so: no job is seen to have ended before. Left out where they are at once. */
  exposed?(): Promise<void>;
  /**
   * Where machines take their own time to stop: begins it, and resolves when the machine is off (or was). The job that stops it
   * waits for that; {@link Hypervisor.stop} follows. Left out where stopping takes what the job takes.
   */
  shutDown?(machineId: string, options: { readonly forced: boolean }): Promise<void>;
  /** Left out where the Kubernetes service reaches no machine by SSH: its clusters then never come up. */
  readonly shell?: NodeShell;
  /** What a person would read on the machine's console; empty for a machine that is not there. */
  console?(machineId: string): readonly string[];
  /**
   * Called once at process start, before any other call, with every machine that exists (not expunged): `running` ones
   * are to be taken up where they were (by what was persisted), not booted again.
   * {@link Hypervisor.exposure} follows.
   */
  restore(machines: readonly { readonly spec: MachineSpec; readonly running: boolean }[]): void;
  /**
   * A request to a public port without a socket, for in-process use. Resolves undefined when nothing listens there (no
   * exposure, not let in, no member up): a caller plays "connection refused". The client is at 127.0.0.1.
   */
  request?(address: string, port: number, request: DirectRequest): Promise<DirectResponse | undefined>;
  /** Its own contribution to the emulator's `snapshot()`: canonical, without ids and times where they are not the point. */
  snapshot?(): Json;
  /** Resolves when what was last asked for is so: listeners open (or refused), real machines begun or gone. */
  settled?(): Promise<void>;
  /** Closes all listeners and timers; what was persisted stays. */
  close(): Promise<void>;
}

/**
 * Makes a hypervisor. `simulated/index.ts` exports one as `createSimulatedHypervisor`. `options` beyond the context are the
 * implementation's own (bound beforehand).
 */
export type HypervisorFactory = (context: HypervisorContext) => Hypervisor;
