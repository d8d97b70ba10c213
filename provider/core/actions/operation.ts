/** What the steps of one operation share: the world, the declaration, and what earlier steps found out. */
import { randomBytes } from "node:crypto";
import type { Catalogue } from "../catalogue";
import { accessOf, type ClusterSubject, type DesiredCluster } from "../desired";
import { ClusterError } from "../errors";
import { LockedWorld, type Lease } from "../lock";
import type { ObservedCluster } from "../observe";
import type { CallContext, KubernetesNode, KubernetesPort, World } from "../ports";
import type { MachineRef } from "../step";
import { Tagger } from "../tagging";
import { Patience } from "../waiting";
import { HopTimes } from "./hop-times";
import { JoinTokens } from "./join-tokens";
import { NodeWatch } from "./node-watch";

const longestReturnSeconds = 900;

export class Operation {
  readonly world: World;
  private readonly locked: LockedWorld;
  readonly tagger: Tagger;
  readonly patience: Patience;
  readonly hops: HopTimes;
  /** The join tokens of workers that are let in again, by name. */
  readonly readmissions = new Map<string, string>();
  private readonly known: { kubernetes?: KubernetesPort; nodes?: NodeWatch; tokens?: JoinTokens; now?: Promise<KubernetesNode[]> } = {};
  private readonly machineIds: Map<string, string>;
  affinityGroupId: string | undefined;
  apiRuleId: string | undefined;
  /** Of the record that stays, which is the one that a step makes, if one does. */
  recordId: string | undefined;

  constructor(
    world: World,
    readonly subject: ClusterSubject,
    readonly observed: ObservedCluster,
    readonly catalogue: Catalogue,
    /** The longest that any one wait may take, in seconds. */
    private readonly waitSeconds: number,
    private readonly declared?: DesiredCluster,
    options: { readonly recordId?: string } = {},
  ) {
    this.locked = new LockedWorld(world);
    this.world = this.locked.world;
    this.tagger = new Tagger(this.world, this.context());
    this.patience = this.patienceOf(waitSeconds * 1000);
    this.hops = new HopTimes(world.clock, (declared?.timeouts.upgradeSeconds ?? waitSeconds) * 1000);
    this.machineIds = new Map(observed.machines.map(({ name, id }) => [name, id]));
    this.affinityGroupId = observed.affinityGroupId;
    this.apiRuleId = observed.apiRule?.id;
    this.recordId = options.recordId;
  }

  /** Called before each step and while steps run: whoever has lost the lock ends with all of them. */
  keep(lease: Lease): Promise<void> {
    return this.locked.keep(lease);
  }

  /** What is declared. A delete has no declaration, and none of its steps asks for one. */
  get desired(): DesiredCluster {
    if (!this.declared) throw new ClusterError("this step needs the cluster's declaration", this.context());
    return this.declared;
  }

  /** A delete takes the record of the cluster away, with all that is in it. */
  get keepsRecord(): boolean {
    return this.declared !== undefined;
  }

  get kubernetes(): KubernetesPort {
    return (this.known.kubernetes ??= this.world.kubernetes(accessOf(this.desired.identity, this.desired.place)));
  }

  get nodes(): NodeWatch {
    return (this.known.nodes ??= new NodeWatch(this.kubernetes, this.world.clock, this.world.signal, this.waitSeconds * 1000));
  }

  get tokens(): JoinTokens {
    return (this.known.tokens ??= new JoinTokens(this, randomBytes));
  }

  /** As they were when the first step of this operation asked: for what does not change while their machines are off. */
  nodesNow(): Promise<KubernetesNode[]> {
    return (this.known.now ??= this.kubernetes.nodes().catch((error: unknown) => {
      this.known.now = undefined;
      throw error;
    }));
  }

  /** With what was there before: it comes back within this time, or something is wrong with it. */
  get returning(): Patience {
    return this.patienceOf(this.longestReturnMs);
  }

  get longestMs(): number {
    return this.waitSeconds * 1000;
  }

  get longestReturnMs(): number {
    return Math.min(longestReturnSeconds, this.waitSeconds) * 1000;
  }

  patienceOf(longestMs: number): Patience {
    return new Patience(this.world.clock, this.world.signal, longestMs);
  }

  /** For errors and logs: `KubernetesCluster prod: machine prod-worker-2`. */
  context(subject?: string): CallContext {
    return { resource: `KubernetesCluster ${this.subject.name}${subject ? `: ${subject}` : ""}`, signal: this.world.signal };
  }

  made(machine: string, id: string): void {
    this.machineIds.set(machine, id);
  }

  /** It was there when it was last looked, or this run has made it. */
  isThere(machine: string): boolean {
    return this.machineIds.has(machine);
  }

  idOf(machine: MachineRef): string {
    const id = machine.id ?? this.machineIds.get(machine.name);
    if (!id) throw new ClusterError(`${machine.name} is not there yet`, this.context(`machine ${machine.name}`));
    return id;
  }
}
