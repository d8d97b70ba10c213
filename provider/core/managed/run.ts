/** A cluster that Mold's own Kubernetes service runs: look, plan, have it done. Its place (network and address) is made before, by `place.ts`. */
import { randomBytes } from "node:crypto";
import type { Offering } from "../catalogue";
import { nodeProperty } from "../desired";
import { ClusterError, Interrupted, messageOf, PlanOutdated } from "../errors";
import { execute, seconds, StepsFailed } from "../execute";
import { withLock, type Lease } from "../lock";
import { tagKeys, tagParameters } from "../ownership";
import { refuse } from "../cluster";
import { summary } from "../wording";
import { actManaged } from "./actions";
import { removeCluster } from "./actions/cluster";
import { ManagedOperation, type ManagedSetting } from "./actions/operation";
import { managedAnchor, type DesiredManaged } from "./desired";
import { hasFailed } from "./end";
import { marked, observeManaged, wasWhole, type ObservedManaged } from "./observe";
import { planManaged, type ManagedPlan } from "./plan";
import type { FormerManaged, Offerings } from "./problems";
import { estimateManaged, type ManagedStep } from "./work";
import { throughSilence } from "../silence";

/** What one round leaves, such as what can be seen only once the cluster runs, the next one does. */
const mostRounds = 8;

export class ManagedRun {
  constructor(
    private readonly setting: ManagedSetting,
    private readonly desired: DesiredManaged,
    /** What an engine has recorded of the last time. */
    private readonly former?: FormerManaged,
    /** What is there already is taken over. */
    private readonly adopts = false,
  ) {}

  private get resource(): string {
    return `KubernetesCluster ${this.desired.name}`;
  }

  private get world(): ManagedSetting["world"] {
    return this.setting.world;
  }

  observe(options: { readonly withNodes: boolean }): Promise<ObservedManaged> {
    const withComments = this.desired.comments.length > 0 || (this.former?.comments ?? []).length > 0;
    return observeManaged(this.world, this.desired, { ...this.setting, ...options, withComments });
  }

  async plan({ birth }: { readonly birth: boolean }): Promise<ManagedPlan & { observed: ObservedManaged }> {
    const { desired, former, world, setting } = this;
    const observed = await this.observe({ withNodes: true });
    const [versions, offerings] = [await setting.catalogue.versions(desired.place.zoneId), await this.offerings()];
    return { ...planManaged({ desired, observed, former, birth, adopts: this.adopts, owner: world.owner, versions, offerings }), observed };
  }

  private async offerings(): Promise<Offerings> {
    const { desired, setting } = this;
    const own = Object.entries(desired.nodes).flatMap(([name, { offering }]) => (offering === undefined ? [] : [[name, offering] as const]));
    const nodes: [string, Offering][] = [];
    for (const [name, wanted] of own) nodes.push([name, await this.offering(wanted, nodeProperty(name, "offering"))]);
    return {
      controlPlane: await this.offering(desired.controlPlane.offering, "controlPlane.offering"),
      workers: await this.offering(desired.workers.offering, "workers.offering"),
      nodes: Object.fromEntries(nodes),
      known: new Map((await setting.catalogue.offerings()).map((offering) => [offering.id, offering])),
    };
  }

  /** One that is gone from Mold since it was declared is told with the cluster that has it. */
  private async offering(wanted: string, property: string): Promise<Offering> {
    try {
      return await this.setting.catalogue.offering(wanted, property);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      throw new ClusterError(`${property}: ${error.message}`, { resource: this.resource, property, cause: error });
    }
  }

  /** Brings the cluster to what is declared, from wherever it is. `birth`: this is a create, which begins a new life of it. */
  async apply({ birth }: { readonly birth: boolean }): Promise<{ observed: ObservedManaged; generation: string }> {
    return withLock(this.world, managedAnchor(this.desired), this.resource, async (lease) => {
      let generation: string | undefined;
      for (let round = 1; ; round++) {
        const { steps, problems, observed } = await this.plan({ birth });
        refuse(this.resource, problems);
        generation ??= await this.generation(observed, birth);
        if (steps.length === 0) return { observed, generation };
        if (round > mostRounds) throw new ClusterError(`still not as declared after ${round - 1} rounds. Left: ${summary(steps.map(({ title }) => title))}. Run again.`, { resource: this.resource });
        await this.execute(steps, observed, lease, birth);
      }
    });
  }

  private async generation(observed: ObservedManaged, birth: boolean): Promise<string> {
    const now = observed.marks?.[tagKeys.generation];
    if (!birth && now !== undefined) return now;
    const fresh = randomBytes(4).toString("hex");
    const subject = { resourcetype: "Network", resourceids: [this.desired.place.networkId] };
    const context = { resource: this.resource, signal: this.world.signal };
    if (now !== undefined) await this.world.mold.run("deleteTags", { ...subject, tags: tagParameters(marked(this.desired, { [tagKeys.generation]: now })) }, context);
    await this.world.mold.run("createTags", { ...subject, tags: tagParameters(marked(this.desired, { [tagKeys.generation]: fresh })) }, context);
    return fresh;
  }

  private async execute(steps: readonly ManagedStep[], observed: ObservedManaged, lease: Lease, birth: boolean): Promise<void> {
    const { world, desired } = this;
    const { createSeconds, updateSeconds, scaleSeconds } = desired.timeouts;
    const scales = steps.some(({ work }) => work.kind === "scaleCluster" || work.kind === "removeNodes");
    const isNew = birth || !wasWhole(observed, desired);
    const operation = new ManagedOperation(this.setting, desired, observed, isNew ? createSeconds : scales ? scaleSeconds : updateSeconds);
    try {
      await carryOutManaged(operation, steps, lease);
    } catch (error) {
      if (error instanceof StepsFailed && error.failures.every((failure) => failure.error instanceof PlanOutdated)) {
        // Bounded by the rounds: the next plan goes by what is so now.
        world.log.info(`${this.resource}: planned anew`);
        return;
      }
      // A cluster that was whole before, or was somebody's, is none that this create has begun, whatever fails on the way.
      const isOurMaking = !this.adopts && !wasWhole(observed, desired);
      if (isOurMaking && desired.failedCreate === "remove" && !(error instanceof Interrupted)) throw await this.cleanUp(operation, lease, error);
      throw error;
    }
  }

  /** A create that failed leaves nothing of the cluster behind, if that is asked for. Its network and address are the endpoint's. */
  private async cleanUp(operation: ManagedOperation, lease: Lease, error: unknown): Promise<unknown> {
    // Whoever has the lock by now may go on with it.
    await operation.keep(lease);
    const before = await operation.record();
    if (!before || !hasFailed(before)) return error;
    this.world.log.info(`${this.resource}: its create failed, and what was made is deleted …`);
    await removeCluster(operation, this.desired.timeouts.deleteSeconds, () => operation.keep(lease));
    return new ClusterError(`${messageOf(error)}\nWhat Mold had made of it was deleted again, as failedCreate says; run again to make it anew.`, { cause: error });
  }
}

/** Runs the steps of one operation under its lock. */
export async function carryOutManaged(operation: ManagedOperation, steps: readonly ManagedStep[], lease: Lease): Promise<void> {
  const { world } = operation;
  world.log.info(`${operation.context().resource}: ${steps.length} steps, about ${seconds(estimateManaged(steps) * 1000)}`);
  await execute({ steps, run: (step) => throughSilence(world, () => actManaged(operation, step.work)), clock: world.clock, log: world.log, signal: world.signal, keep: () => operation.keep(lease) });
}
