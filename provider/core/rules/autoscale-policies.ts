/**
 * The policies of an autoscaled balancer rule. Those of one direction share a name, and are told apart by what they say. A policy of
 * the group that somebody made by hand is taken as it is or left out of the group, and never changed: other groups may use it.
 */
import { orAlready } from "../claim";
import type { CallContext } from "../ports";
import type { AutoscaleJob, NamelessNotes } from "./autoscale-nameless";
import { conditionTuple, directions, policyName, readPolicy, samePolicy, unusedParts, type Direction, type ScaleCondition, type ScalePolicy, type SeenPolicy } from "./autoscale-seen";

/** For each that is wanted the one that says so already, or else one that can be made to. Pure. */
export function matchPolicies(wanted: readonly ScalePolicy[], seen: readonly SeenPolicy[], isChangeable: (policy: SeenPolicy) => boolean): (SeenPolicy | undefined)[] {
  const free = new Set(seen);
  const take = (fits: (policy: SeenPolicy) => boolean): SeenPolicy | undefined => {
    const found = [...free].find(fits);
    if (found) free.delete(found);
    return found;
  };
  // All that need no change first: else one of them could be changed into another.
  const equal = wanted.map((each) => take((policy) => samePolicy(policy, each)));
  return equal.map((found) => found ?? take(isChangeable));
}

export class ScalePolicies {
  constructor(
    private readonly job: AutoscaleJob,
    private readonly notes: NamelessNotes,
    private readonly context: CallContext,
  ) {}

  /**
   * Makes and changes what is needed; what is not any longer stays until nothing uses it.
   * @param linked those that the group has, which is disabled
   * @returns ids of those that it is to have
   */
  async set(direction: Direction, wanted: readonly ScalePolicy[], linked: readonly SeenPolicy[] = []): Promise<string[]> {
    const own = await this.own(direction);
    const linkedIds = linked.map(({ id }) => id);
    const isOwn = ({ id }: SeenPolicy): boolean => own.some((each) => each.id === id);
    // Of those that are in no group only one that is right as it is: a job of a dead run may be at work on the others.
    const seen = [...linked, ...own.filter(({ id }) => !linkedIds.includes(id))];
    const matches = matchPolicies(wanted, seen, (policy) => isOwn(policy) && linkedIds.includes(policy.id));
    const ids: string[] = [];
    for (const [at, policy] of wanted.entries()) ids.push(await this.one(direction, policy, matches[at]));
    return ids;
  }

  /** Deletes all of the rule's but those that its group has. */
  async prune(kept: readonly string[]): Promise<void> {
    for (const direction of directions) {
      for (const policy of await this.own(direction)) {
        if (kept.includes(policy.id)) continue;
        await this.letGo(policy.conditions);
        await orAlready(
          () => this.job.world.mold.run("deleteAutoScalePolicy", { id: policy.id }, this.context),
          async () => !(await this.own(direction)).some(({ id }) => id === policy.id),
        );
      }
    }
  }

  private async own(direction: Direction): Promise<SeenPolicy[]> {
    return (await this.job.world.mold.list("listAutoScalePolicies", { name: policyName(this.job.ruleId, direction) })).map(readPolicy);
  }

  private async one(direction: Direction, wanted: ScalePolicy, there: SeenPolicy | undefined): Promise<string> {
    if (there && samePolicy(there, wanted)) return there.id;
    const { mold } = this.job.world;
    const kept = new Map(there?.conditions.map((condition, at) => [conditionTuple(condition), there.conditionIds[at]!]));
    const conditionids: string[] = [];
    for (const condition of wanted.conditions) conditionids.push(kept.get(conditionTuple(condition)) ?? (await this.condition(condition)));
    const parameters = { duration: wanted.duration, quiettime: wanted.quietTime, conditionids };
    if (!there) {
      const begun = await mold.start("createAutoScalePolicy", { name: policyName(this.job.ruleId, direction), action: direction === "up" ? "scaleup" : "scaledown", ...parameters }, this.context);
      const made = await begun.done();
      return begun.id ?? made.id!;
    }
    await this.letGo(there.conditions.filter((old) => !wanted.conditions.some((each) => conditionTuple(each) === conditionTuple(old))));
    await mold.run("updateAutoScalePolicy", { id: there.id, ...parameters }, this.context);
    return there.id;
  }

  /** What a policy is about to let go of is written down first. */
  private async letGo(conditions: readonly ScaleCondition[]): Promise<void> {
    if (conditions.length === 0) return;
    const unused = await unusedParts(this.job.world);
    for (const condition of conditions) await this.notes.write(conditionTuple(condition), unused.conditions);
  }

  private async condition(wanted: ScaleCondition): Promise<string> {
    return this.notes.make(conditionTuple(wanted), "conditions", () => this.job.world.mold.start("createCondition", { counterid: wanted.counterId, relationaloperator: wanted.operator, threshold: wanted.threshold }, this.context));
  }
}
