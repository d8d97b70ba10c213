/** A cluster that is there, and what an engine does as its declaration changes: it looks, and updates what differs. */
import { accessOf } from "../../../provider/core/desired";
import type { ClusterAccess, KubernetesPort } from "../../../provider/core/ports";
import { cluster, type ClusterInputs } from "../../../provider/handlers/cluster";
import { placeOf } from "../../../provider/handlers/declaration";
import { parseMoldsKubeconfig } from "../../../provider/kubernetes/read-kubeconfig";
import type { ClusterOutputs } from "../../../schema/generated/types";
import type { Cloud, KillAt, Run, UserName } from "./cloud";
import { clusterInputs, destroy, sharedIdentity, type Recorded } from "./cluster";
import { seen, type MadeCluster } from "./made";

export class Life {
  readonly cloud: Cloud;
  /** Of the last run. */
  run: Run;
  protected readonly recorded: Required<Recorded>;

  constructor(
    made: MadeCluster,
    private readonly user: UserName = "admin",
    protected declared: Record<string, unknown> = made.declared,
  ) {
    const { cloud, recorded } = made.open();
    this.cloud = cloud;
    this.recorded = recorded;
    this.run = cloud.newRun({ user });
  }

  get endpoint(): Required<Recorded>["endpoint"]["outputs"] {
    return this.recorded.endpoint.outputs;
  }

  /** What was declared last. */
  get declaration(): Readonly<Record<string, unknown>> {
    return this.declared;
  }

  get outputs(): ClusterOutputs {
    return this.recorded.cluster.outputs;
  }

  private inputs(declared: Record<string, unknown>): Promise<ClusterInputs> {
    return clusterInputs(declared, this.endpoint);
  }

  private async state(): Promise<{ inputs: ClusterInputs; outputs: ClusterOutputs }> {
    return { inputs: await this.inputs(this.declared), outputs: this.outputs };
  }

  /** What a preview shows. */
  async plan(declared = this.declared): Promise<readonly string[]> {
    const run = this.cloud.newRun({ user: this.user });
    const [olds, news] = [await this.state(), await this.inputs(declared)];
    return (await this.cloud.clock.run(cluster.diff(run.session, this.recorded.cluster.id, olds, news))).plan;
  }

  /** An `up` with this declaration. One that is killed leaves no record; one that fails rejects as the handler does. */
  async up(declared: Record<string, unknown>, options: { killAt?: KillAt } = {}): Promise<void> {
    this.run = this.cloud.newRun({ user: this.user, ...options });
    const [olds, news] = [await this.state(), await this.inputs(declared)];
    const update = cluster.update(this.run.session, this.recorded.cluster.id, olds, news);
    const { outputs } = await this.cloud.clock.run(update).catch((error: unknown) => {
      if (this.run.wasKilled) return { outputs: undefined };
      throw error;
    });
    if (outputs === undefined || this.run.wasKilled) return;
    this.recorded.cluster = { ...this.recorded.cluster, outputs };
    this.declared = declared;
  }

  /** A `destroy` of all of it; what was deleted is forgotten, so that the next one goes on. */
  async destroy(): Promise<void> {
    this.run = this.cloud.newRun({ user: this.user });
    await this.cloud.clock.run(destroy(this.run, this.recorded, this.declared));
  }

  /** `prod-worker-1 Running`, by name. */
  get machines(): string[] {
    return (seen(this.cloud).machines ?? []).filter(({ state }) => state !== "Destroyed" && state !== "Expunging").map(({ name, state }) => `${String(name)} ${String(state)}`).sort();
  }

  get names(): string[] {
    return this.machines.map((each) => each.split(" ")[0]!);
  }

  /** How an administrator gets in: of a cluster that Mold runs by what Mold keeps. */
  async access(): Promise<ClusterAccess> {
    if (this.declared.management !== "mold") return accessOf(await sharedIdentity(), placeOf(this.endpoint));
    const { mold } = this.cloud.newRun().world({ owner: "by hand" });
    const [record] = await this.cloud.clock.run(mold.list("listKubernetesClusters", {}));
    const { configdata = "" } = await this.cloud.clock.run(mold.call("getKubernetesClusterConfig", { id: record!.id! }));
    return parseMoldsKubeconfig(configdata);
  }

  /** The cluster's own API, as an administrator has it. */
  async kubernetes(): Promise<KubernetesPort> {
    const world = this.cloud.newRun().world({ owner: "by hand" });
    return world.kubernetes(await this.access());
  }

  /** Nodes that the cluster's API lists, by name. */
  async nodes(): Promise<string[]> {
    const kubernetes = await this.kubernetes();
    return (await this.cloud.clock.run(kubernetes.nodes())).map(({ name }) => name).sort();
  }
}
