/** The machines of a cluster: plan and apply. Its place (network and address) is made before, by `endpoint.ts`. */
import { randomBytes } from "node:crypto";
import { addonChange, observeAddons } from "./addons";
import { act } from "./actions";
import { planAdoption } from "./adoption";
import { Operation } from "./actions/operation";
import type { Catalogue } from "./catalogue";
import { accessOf, anchorOf, endpointOf, type DesiredCluster } from "./desired";
import { ClusterError, PlanOutdated, TakenOver } from "./errors";
import { execute, seconds, StepsFailed } from "./execute";
import { withLock, type Lease } from "./lock";
import { observeCluster, type ObservedCluster } from "./observe";
import { tagKeys, tagParameters } from "./ownership";
import { planPermitted } from "./plan-permitted";
import { declaresDisks } from "./plan-disks";
import type { FormerDeclaration, Plan, PlanInput } from "./plan-input";
import { mayBeStarting } from "./plan-repair";
import { isKubernetesFailure, type World } from "./ports";
import { needsVersions } from "./release";
import { throughSilence } from "./silence";
import { estimatePlan, pools, type Step } from "./step";
import { keptRecord } from "./plan-registration";
import { summary } from "./wording";

/** How long a look asks a cluster again that serves and does not answer. Milliseconds. */
const lookMs = 5000;

/** One cluster as this run works on it. */
export class ClusterRun {
  constructor(
    private readonly world: World,
    private readonly catalogue: Catalogue,
    private readonly desired: DesiredCluster,
    /** What an engine has recorded of the last time. */
    private readonly former?: FormerDeclaration,
    /** A create takes over what is there. */
    private readonly adopts = false,
  ) {}

  private get resource(): string {
    return `KubernetesCluster ${this.desired.name}`;
  }

  async observe(options: { withNodes: boolean; withDisks?: boolean; withForwards?: boolean }): Promise<ObservedCluster> {
    const { identity, place, name, uid, affinity, comments } = this.desired;
    return observeCluster(this.world, {
      name,
      uid,
      place,
      withAffinity: affinity !== "none",
      withDisks: options.withDisks,
      withForwards: options.withForwards,
      withComments: comments.length > 0 || (this.former?.comments ?? []).length > 0,
      ...(options.withNodes ? { kubernetes: this.world.kubernetes(accessOf(identity, place)) } : {}),
    });
  }

  async plan(options: Pick<PlanInput, "birth" | "attentive"> = {}): Promise<Plan & { observed: ObservedCluster }> {
    const seen = await this.observe({ withNodes: false, withDisks: declaresDisks(this.desired), withForwards: mayReplace(this.desired) });
    const observed = isServing(seen) ? { ...seen, ...(await this.nodes(options.attentive === true && mayBeStarting(seen))) } : seen;
    const { desired, former, world, catalogue } = this;
    if (this.adopts && options.birth === true) return { ...planAdoption({ desired, observed, owner: world.owner }), observed };
    const versions = needsVersions({ desired, observed }) ? await catalogue.versions(desired.place.zoneId) : undefined;
    return { ...(await planPermitted(catalogue, { ...options, desired, observed, owner: world.owner, former, versions })), observed };
  }

  private async nodes(withHeartbeats: boolean): Promise<Pick<ObservedCluster, "nodes" | "heartbeats" | "addons">> {
    const kubernetes = this.world.kubernetes(accessOf(this.desired.identity, this.desired.place));
    const look = async (): Promise<Pick<ObservedCluster, "nodes" | "heartbeats" | "addons">> => {
      const nodes = await kubernetes.nodes();
      const addons = await observeAddons(kubernetes, addonChange(this.desired.addons, this.former?.addons));
      return { nodes, ...(withHeartbeats ? { heartbeats: await kubernetes.heartbeats() } : {}), ...(addons ? { addons } : {}) };
    };
    // A plan that doesn't know the nodes is a worse one, and one dropped connection is no reason for it.
    return throughSilence(this.world, look, lookMs).catch(() => ({}));
  }

  /**
   * Brings the cluster to what is declared, from wherever it is. `birth`: this is a create, which begins a new life (generation)
   * of the cluster, even where it goes on with what an interrupted create has made: so a delete of an earlier id touches nothing.
   */
  async apply(options: { birth: boolean }): Promise<{ observed: ObservedCluster; generation: string }> {
    if (this.adopts && options.birth) await this.refuseOtherIdentity();
    return withLock(this.world, anchorOf(this.desired.place), this.resource, async (lease) => {
      let generation: string | undefined;
      // What comes and goes by itself is waited for once; afterwards only what stays away counts.
      let attentive = true;
      for (let round = 1; ; round++) {
        const { steps, problems, warnings = [], observed } = await this.plan({ birth: options.birth, attentive });
        if (observed.nodes) attentive = false;
        refuse(this.resource, problems);
        if (!options.birth) this.refuseDeleted(observed);
        if (round === 1) for (const warning of warnings) this.world.log.warn(`${this.resource}: ${warning}`);
        generation ??= await this.generation(observed, options.birth);
        if (steps.length === 0) {
          return { observed, generation };
        }
        if (round > mostRounds(this.desired)) throw new ClusterError(`still not as declared after ${round - 1} rounds. Left: ${summary(steps.map(({ title }) => title))}. Run again.`, { resource: this.resource });
        const { createSeconds, updateSeconds, scaleSeconds } = this.desired.timeouts;
        const scales = steps.some(({ work }) => work.kind === "deployMachine" || work.kind === "destroyMachine");
        await this.execute(steps, observed, lease, options.birth ? createSeconds : scales ? scaleSeconds : updateSeconds).catch((error: unknown) => {
          if (!(error instanceof StepsFailed) || !error.failures.every((failure) => failure.error instanceof PlanOutdated)) throw error;
          // Bounded by the rounds: the next plan goes by what is so now.
          this.world.log.info(`${this.resource}: planned anew`);
        });
      }
    });
  }

  /** Under its authority something else would be made of it. One that is off can't be asked. */
  private async refuseOtherIdentity(): Promise<void> {
    const { identity, place } = this.desired;
    try {
      await this.world.kubernetes(accessOf(identity, place)).ready();
    } catch (error) {
      if (!isKubernetesFailure(error)) throw error;
      throw new ClusterError(`what answers at ${endpointOf(place)} is not of that identity: ${error.message}`, { resource: this.resource, property: "adoptIdentity", cause: error });
    }
  }

  /** While the lock was waited for another run may have deleted it: what it then has is nobody's to make again unasked. */
  private refuseDeleted({ anchorTags, machines }: ObservedCluster): void {
    if (machines.length > 0 || anchorTags?.[tagKeys.generation] !== undefined) return;
    throw new ClusterError("it was deleted meanwhile, by another run or by one that was interrupted. Nothing is made anew here. Refresh, and it is created by the next run; or destroy the rest of it.", { resource: this.resource });
  }

  private async generation(observed: ObservedCluster, birth: boolean): Promise<string> {
    const anchor = anchorOf(this.desired.place);
    const now = observed.anchorTags?.[tagKeys.generation];
    if (!birth && now !== undefined) return now;
    const fresh = randomBytes(4).toString("hex");
    const subject = { resourcetype: anchor.kind, resourceids: [anchor.id] };
    const context = { resource: this.resource, signal: this.world.signal };
    if (now !== undefined) await this.world.mold.run("deleteTags", { ...subject, tags: tagParameters({ [tagKeys.generation]: now }) }, context);
    await this.world.mold.run("createTags", { ...subject, tags: tagParameters({ [tagKeys.generation]: fresh }) }, context);
    return fresh;
  }

  private async execute(steps: readonly Step[], observed: ObservedCluster, lease: Lease, waitSeconds: number): Promise<void> {
    const { world, desired } = this;
    // Where a step registers it anew, that one's it is.
    const operation = new Operation(world, desired, observed, this.catalogue, waitSeconds, desired, { recordId: keptRecord(steps, observed) });
    await carryOut(operation, steps, lease);
  }
}

/** Some node is to be made anew under another name, or may be in an upgrade. */
const mayReplace = ({ nodes, upgrade }: DesiredCluster): boolean => upgrade.strategy === "replace" || Object.values(nodes).some((node) => node.replace !== undefined || node.delete);

/** What one round leaves, such as what can be seen only once the API answers, the next one does; control planes are replaced one a round. */
const mostRounds = ({ nodes }: DesiredCluster): number => 3 + Object.values(nodes).filter(({ replace }) => replace !== undefined).length;

/** Somebody may answer: a cluster whose control planes are off is not asked, which would take as long as no answer does. */
const isServing = ({ machines }: ObservedCluster): boolean => machines.some(({ role, state }) => role === "control-plane" && state === "Running");

/** Runs the steps of one operation under its lock. */
export async function carryOut(operation: Operation, steps: readonly Step[], lease: Lease): Promise<void> {
  const { world } = operation;
  world.log.info(`${operation.context().resource}: ${steps.length} steps, about ${seconds(estimatePlan(steps) * 1000)}`);
  await execute({
    steps,
    run: (step) => throughSilence(world, () => act(operation, step.work)),
    pools,
    clock: world.clock,
    log: world.log,
    signal: world.signal,
    keep: () => operation.keep(lease),
  });
}

export function refuse(resource: string | undefined, problems: Plan["problems"]): void {
  if (problems.length === 0) return;
  const Refusal = problems.some(({ isTaken }) => isTaken) ? TakenOver : ClusterError;
  throw new Refusal(problems.map(({ property, reason }) => `${property}: ${reason}`).join("\n"), { resource, property: problems[0]!.property });
}
