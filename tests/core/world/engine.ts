/** What an engine does on `up` after whatever happened before: it creates, goes on with what failed half-way, and changes in place. */
import { cluster, type ClusterInputs } from "../../../provider/handlers/cluster";
import { clusterEndpoint, type EndpointInputs } from "../../../provider/handlers/cluster-endpoint";
import type { ClusterEndpointOutputs, ClusterIdentityOutputs, ClusterOutputs } from "../../../schema/generated/types";
import type { Run } from "./cloud";
import { clusterInputs, declaredBy, endpointInputs, type Recorded } from "./cluster";

/** What a run is to the engine, whatever world it is in. */
export type EngineRun = Pick<Run, "session" | "throwIfKilled">;

interface Partial {
  readonly name?: string;
  readonly id?: string;
  readonly outputs?: unknown;
  readonly declared?: ClusterInputs;
}

export class Engine {
  readonly recorded: Recorded = {};
  /** Parts whose last operation failed half-way: the next `up` updates them, whatever diff says. */
  private readonly failed = new Set<keyof Recorded>();
  private inputs: ClusterInputs | undefined;

  constructor(
    private declared: Record<string, unknown>,
    private readonly owner: string = declaredBy.owner,
    /** Default: the one that all tests share. */
    private readonly identity?: ClusterIdentityOutputs,
  ) {}

  declare(declared: Record<string, unknown>): this {
    this.declared = declared;
    return this;
  }

  get endpoint(): ClusterEndpointOutputs {
    return this.recorded.endpoint!.outputs;
  }

  get cluster(): ClusterOutputs {
    return this.recorded.cluster!.outputs;
  }

  async up(run: EngineRun): Promise<void> {
    await this.upEndpoint(run);
    await this.upCluster(run);
  }

  /** A second `up` of what is there: what would be done. */
  async plan(run: EngineRun): Promise<readonly string[]> {
    const { cluster: recorded } = this.recorded;
    const inputs = await this.clusterInputs();
    return (await cluster.diff(run.session, recorded!.id, { inputs: this.inputs!, outputs: recorded!.outputs }, inputs)).plan;
  }

  async destroy(run: EngineRun): Promise<void> {
    const { recorded } = this;
    if (recorded.cluster && recorded.endpoint) {
      await cluster.delete(run.session, recorded.cluster.id, { inputs: await this.clusterInputs(), outputs: recorded.cluster.outputs });
      run.throwIfKilled();
      delete recorded.cluster;
    }
    if (recorded.endpoint) {
      await clusterEndpoint.delete(run.session, recorded.endpoint.id, { inputs: await this.endpointInputs(), outputs: recorded.endpoint.outputs });
      run.throwIfKilled();
      delete recorded.endpoint;
    }
  }

  async upEndpoint(run: EngineRun): Promise<void> {
    const inputs = await this.endpointInputs();
    const { endpoint } = this.recorded;
    if (endpoint && !this.failed.has("endpoint")) return;
    await this.part(run, "endpoint", async () =>
      endpoint
        ? { id: endpoint.id, outputs: (await clusterEndpoint.update(run.session, endpoint.id, { inputs, outputs: endpoint.outputs }, inputs)).outputs }
        : clusterEndpoint.create(run.session, inputs),
    );
  }

  async upCluster(run: EngineRun): Promise<void> {
    const inputs = await this.clusterInputs();
    const { cluster: recorded } = this.recorded;
    const olds = recorded && { inputs: this.inputs ?? inputs, outputs: recorded.outputs };
    if (recorded && !this.failed.has("cluster") && !(await cluster.diff(run.session, recorded.id, olds!, inputs)).changes) {
      this.inputs = inputs;
      return;
    }
    await this.part(run, "cluster", async () =>
      recorded ? { id: recorded.id, outputs: (await cluster.update(run.session, recorded.id, olds!, inputs)).outputs } : cluster.create(run.session, inputs),
    ).catch((error: unknown) => {
      // As Pulumi does, which records what a failed update was asked for.
      if ((error as Partial).name === "PartialFailure") this.inputs = (error as Partial).declared ?? inputs;
      throw error;
    });
    this.inputs = inputs;
  }

  private async endpointInputs(): Promise<EndpointInputs> {
    const inputs = await endpointInputs(this.declared);
    return { ...inputs, uid: this.identity?.uid ?? inputs.uid, declaredBy: { ...declaredBy, owner: this.owner } };
  }

  private async clusterInputs(): Promise<ClusterInputs> {
    const inputs = await clusterInputs(this.declared, this.endpoint);
    return { ...inputs, identity: this.identity ?? inputs.identity, declaredBy: { ...declaredBy, owner: this.owner } };
  }

  private async part<P extends keyof Recorded>(run: EngineRun, part: P, work: () => Promise<NonNullable<Recorded[P]>>): Promise<void> {
    try {
      const done = await work();
      // What a process that died in between found out, no engine ever hears.
      run.throwIfKilled();
      this.recorded[part] = done;
      this.failed.delete(part);
    } catch (error) {
      run.throwIfKilled();
      const { name, id, outputs } = error as Partial;
      if (name === "PartialFailure") {
        this.recorded[part] = { id, outputs } as NonNullable<Recorded[P]>;
        this.failed.add(part);
      } else if (this.recorded[part]) this.failed.add(part);
      throw error;
    }
  }
}
