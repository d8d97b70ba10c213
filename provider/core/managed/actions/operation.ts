/** What the steps of one operation on a cluster that Mold runs share. */
import { NodeWatch } from "../../actions/node-watch";
import type { Catalogue } from "../../catalogue";
import { ClusterError } from "../../errors";
import { LockedWorld, type Lease } from "../../lock";
import { isMoldFailure, type Answer, type CallContext, type ClusterAccess, type KubernetesPort, type World } from "../../ports";
import { Patience } from "../../waiting";
import type { DesiredManaged } from "../desired";
import { accessOfManaged, isOurs, observeManaged, type ObservedManaged, type ReadKubeconfig } from "../observe";
import type { NodeRef } from "../work";

export interface ManagedSetting {
  readonly world: World;
  readonly catalogue: Catalogue;
  readonly readKubeconfig: ReadKubeconfig;
}

/** Mold's job may take a little longer than is waited for its state: the job's own end says more. */
const jobSlackMs = 5000;

export class ManagedOperation {
  readonly world: World;
  private readonly locked: LockedWorld;
  readonly catalogue: Catalogue;
  private access: ClusterAccess | undefined;
  private watch: NodeWatch | undefined;

  constructor(
    private readonly setting: ManagedSetting,
    readonly desired: DesiredManaged,
    readonly observed: ObservedManaged,
    /** The longest that any one wait may take, in seconds. */
    readonly waitSeconds: number,
  ) {
    this.locked = new LockedWorld(setting.world);
    this.world = this.locked.world;
    this.catalogue = setting.catalogue;
    this.access = observed.access;
  }

  /** Called before each step and while steps run: whoever has lost the lock ends with all of them. */
  keep(lease: Lease): Promise<void> {
    return this.locked.keep(lease);
  }

  context(subject?: string, property?: string): CallContext & { resource: string } {
    return { resource: `KubernetesCluster ${this.desired.name}${subject ? `: ${subject}` : ""}`, signal: this.world.signal, ...(property ? { property } : {}) };
  }

  patienceOf(seconds: number): Patience {
    return new Patience(this.world.clock, this.world.signal, seconds * 1000);
  }

  jobContext(seconds: number, property?: string): CallContext {
    return { ...this.context(undefined, property), timeoutMs: seconds * 1000 + jobSlackMs };
  }

  /** Mold's record at this moment; undefined: there is none (any more). */
  async record(): Promise<Answer<"listKubernetesClusters"> | undefined> {
    const records = await this.world.mold.list("listKubernetesClusters", { name: this.desired.name }, this.context());
    return records.find((each) => isOurs(this.desired, this.observed.marks ?? {}, each));
  }

  async recordOrFail(): Promise<Answer<"listKubernetesClusters"> & { id: string; state: string }> {
    const record = await this.record();
    if (!record?.id) throw new ClusterError("Mold has no such cluster any more. Run again.", this.context());
    return { ...record, id: record.id, state: record.state ?? "Unknown" };
  }

  get clusterId(): string {
    const id = this.observed.cluster?.id;
    if (!id) throw new ClusterError("Mold has not made the cluster yet", this.context());
    return id;
  }

  lookAgain(): Promise<ObservedManaged> {
    return observeManaged(this.world, this.desired, { ...this.setting, withNodes: false });
  }

  /** The cluster's own API. */
  async kubernetesOf(): Promise<KubernetesPort> {
    this.access ??= await accessOfManaged(this.world, this.clusterId, this.setting.readKubeconfig);
    if (!this.access) throw new ClusterError("Mold has no kubeconfig of the cluster yet, so that its nodes can't be looked at. Run again later.", this.context());
    return this.world.kubernetes(this.access);
  }

  async nodesOf(): Promise<NodeWatch> {
    return (this.watch ??= new NodeWatch(await this.kubernetesOf(), this.world.clock, this.world.signal, this.waitSeconds * 1000));
  }

  /** The name of a machine's node. */
  nodeOf({ name }: Pick<NodeRef, "name">): string {
    return name.toLowerCase();
  }

  /** What Mold has noted of a cluster lately, the newest first: where a job's text is lost with the run that waited for it, this is left. */
  async troubles(id: string): Promise<string[]> {
    const events = await this.world.mold.list("listEvents", { resourceid: id, resourcetype: "KubernetesCluster", level: "ERROR" }, this.context()).catch((error: unknown) => {
      if (isMoldFailure(error)) return [];
      throw error;
    });
    return [...new Set(events.map(({ description }) => description ?? "").filter((text) => text !== ""))].slice(0, 3);
  }
}
