/** A simulated machine: what it is, how far it has come, what is on its disk and its console. */
import type { HypervisorContext, Json, MachineSpec } from "../hypervisor";
import type { NodeDisk } from "./node-disk";

/**
 * Where a machine is. `kernel` to `starting` pass by themselves or wait for something; `member`: the kubelet runs, on a control
 * plane etcd and the API server too. `hung` never comes up; `idle` is an ordinary machine; `broken` has files the agent can't
 * use; `refused`: told to init where a cluster answers already; `resting`: between two rounds of the agent. `upgrading`: a member
 * whose agent carries out an order; `restarting-api`: towards the end of that on a control plane, its etcd and API server are away;
 * `restarting-kubelet`: the end of it, kubeadm is done and the new kubelet is being put in place.
 */
export type Phase =
  | "off" | "kernel" | "hung" | "cloud-init" | "idle" | "broken" | "waiting-iso" | "importing"
  | "initialising" | "refused" | "waiting-join" | "joining" | "resting" | "starting" | "member" | "upgrading" | "restarting-api" | "restarting-kubelet";

/** An order as the agent has read it from its Node. */
export type UpgradeOrder = { readonly wanted: string; readonly first: boolean };

/** What the agent's last attempt at an order has left, in its memory: gone with the power. */
export interface Attempt {
  readonly order: UpgradeOrder;
  /** The disc that was in the drive: another one is another chance. */
  readonly isoId?: string;
  /** How many have failed in a row; 0: it was refused, and no waiting mends that. */
  readonly failures: number;
  /** When a failed one is tried again. */
  readonly again?: number;
}

/** What survives a restart of the process. */
interface Kept {
  phase: Phase;
  /** When the phase ends by itself. */
  due?: number;
  /** When the agent's round is given up. */
  deadline?: number;
  /** What it waits for or failed with, in words. */
  reason?: string;
  /** Cloud-init writes files once per instance, as the real one does: a later change of the user data is not read. */
  seeded: boolean;
  disk?: NodeDisk;
  /** The ISO's binaries and images are on the disk. */
  installed: boolean;
  /** The version of the upgrade that was begun, and is over once it is the disk's. */
  begun?: string;
  attempt?: Attempt;
  /** Of a control plane, the version of its static pods while its kubelet is not there yet. */
  staticPods?: string;
  /** The version whose images were loaded before it is told to go there. */
  images?: string;
  /** What the agent has said last; said again when the Node does not show it. */
  answer?: string;
  /** The cluster it is a member of. */
  clusterId?: string;
  bootId: string;
  poweredOn: number;
  /** Its power went without anybody's having switched it off properly. */
  unplugged?: boolean;
}

const CONSOLE_LINES = 300;

export class Machine {
  private readonly kept: Kept;
  private lines: string[];

  constructor(
    public spec: MachineSpec,
    private readonly context: HypervisorContext,
  ) {
    const known = context.load(`machine/${spec.id}`);
    this.kept = known === undefined ? { phase: "off", seeded: false, installed: false, bootId: "", poweredOn: 0 } : { ...(known as unknown as Kept) };
    this.lines = (context.load(`console/${spec.id}`) as string[] | undefined)?.slice() ?? [];
  }

  get id(): string {
    return this.spec.id;
  }
  get state(): Readonly<Kept> {
    return this.kept;
  }
  get disk(): NodeDisk | undefined {
    return this.kept.disk;
  }
  /** What its API server is, as its etcd and the others are. */
  get serves(): string {
    return this.kept.staticPods ?? this.kept.disk?.version ?? "";
  }
  get running(): boolean {
    return this.kept.phase !== "off";
  }
  /** Its kubelet is up, and on a control plane its etcd. */
  get up(): boolean {
    return this.kept.phase === "member" || this.kept.phase === "upgrading" || this.kept.phase === "restarting-kubelet";
  }

  /** It is down, and by nobody's order. */
  get isLost(): boolean {
    return this.kept.phase === "hung" || (this.kept.phase === "off" && this.kept.unplugged === true);
  }

  update(change: Partial<Kept>): void {
    Object.assign(this.kept, change);
    this.context.persist(`machine/${this.id}`, { ...this.kept } as unknown as Json);
  }

  /** A line on the console, with the seconds since power on as a kernel would print them. */
  say(text: string): void {
    const seconds = ((this.context.clock.now() - this.kept.poweredOn) / 1000).toFixed(3).padStart(9);
    this.lines.push(`[${seconds}] ${text}`);
    if (this.lines.length > CONSOLE_LINES) this.lines = this.lines.slice(-CONSOLE_LINES);
    this.context.persist(`console/${this.id}`, [...this.lines]);
  }

  /** A change of phase, with its line on the console in one go. */
  enter(phase: Phase, line: string, change: Partial<Omit<Kept, "phase">> = {}): void {
    this.update({ due: undefined, reason: undefined, ...change, phase });
    this.say(line);
  }

  /** Says why it waits, once for each reason. */
  wait(reason: string): void {
    if (this.kept.reason === reason) return;
    this.update({ reason });
    this.say(`ablestack-kubernetes-agent: waiting: ${reason}`);
  }

  get console(): readonly string[] {
    return this.lines;
  }

  forget(): void {
    this.context.persist(`machine/${this.id}`, undefined);
    this.context.persist(`console/${this.id}`, undefined);
  }
}
