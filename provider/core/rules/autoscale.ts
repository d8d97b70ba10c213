/** Makes, changes and unmakes the autoscaling of a balancer rule. A group can only be changed while it is disabled. */
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import type { CallContext, World } from "../ports";
import { NamelessNotes } from "./autoscale-nameless";
import { conditionTuple, findGroup, profileTuple, readPolicy, readProfile, sameBounds, samePolicy, unusedParts, type DesiredAutoscale, type ScaleCondition, type ScalePolicy, type ScaleProfile, type SeenGroup, type SeenPolicy } from "./autoscale-seen";
import type { RuleOwner } from "./shared";

export interface AutoscaleJob {
  readonly world: World;
  readonly owner: RuleOwner;
  readonly ruleId: string;
  /** `LoadBalancer ingress`, for messages. */
  readonly resource: string;
}

type Direction = "up" | "down";
const directions: readonly Direction[] = ["up", "down"];

/** Policies have names: the rule's id is in them, so that they are found whatever else there is. */
const policyName = (ruleId: string, direction: Direction): string => `ablestack ${ruleId} ${direction}`;

class Autoscaling {
  private readonly context: CallContext;

  constructor(
    private readonly job: AutoscaleJob,
    private readonly notes: NamelessNotes,
  ) {
    this.context = { resource: job.resource, property: "autoscale", signal: job.world.signal };
  }

  async apply(desired: DesiredAutoscale): Promise<void> {
    const { world, ruleId } = this.job;
    const { mold } = world;
    let group = await findGroup(world, ruleId);
    if (group) group = await this.update(group, desired);
    else {
      const [up, down] = [await this.policy("up", desired.up), await this.policy("down", desired.down)];
      const profile = await this.profile(desired.profile);
      await mold.run(
        "createAutoScaleVmGroup",
        { lbruleid: ruleId, name: `lb-${ruleId.slice(0, 8)}`, vmprofileid: profile, minmembers: desired.min, maxmembers: desired.max, interval: desired.interval, scaleuppolicyids: [up], scaledownpolicyids: [down] },
        this.context,
      );
      group = (await findGroup(world, ruleId))!;
    }
    if (group.isEnabled !== desired.enabled) await this.switch(group.id, desired.enabled);
    await this.settle();
  }

  private async update(group: SeenGroup, desired: DesiredAutoscale): Promise<SeenGroup> {
    const { mold } = this.job.world;
    const profile = (await mold.list("listAutoScaleVmProfiles", { id: group.profileId }).catch(goneAsEmpty)).map(readProfile)[0];
    const sameProfile = profile !== undefined && profileTuple(profile) === profileTuple(desired.profile);
    const stale = directions.filter((direction) => group[direction].length !== 1 || !samePolicy(group[direction][0]!, desired[direction]));
    if (sameProfile && stale.length === 0 && sameBounds(group, desired)) return group;
    if (group.isEnabled) await this.switch(group.id, false);
    if (!sameProfile) {
      const { zoneId: _zone, ...rest } = this.profileParameters(desired.profile);
      await mold.run("updateAutoScaleVmProfile", { id: group.profileId, ...rest }, this.context);
    }
    for (const direction of stale) await this.policy(direction, desired[direction], group[direction][0]);
    if (!sameBounds(group, desired)) await mold.run("updateAutoScaleVmGroup", { id: group.id, minmembers: desired.min, maxmembers: desired.max, interval: desired.interval }, this.context);
    return { ...group, isEnabled: false };
  }

  private async switch(id: string, on: boolean): Promise<void> {
    await this.job.world.mold.run(on ? "enableAutoScaleVmGroup" : "disableAutoScaleVmGroup", { id }, this.context);
  }

  private async policy(direction: Direction, wanted: ScalePolicy, seen?: SeenPolicy): Promise<string> {
    const { mold } = this.job.world;
    const name = policyName(this.job.ruleId, direction);
    const there = seen ?? (await mold.list("listAutoScalePolicies", { name })).map(readPolicy)[0];
    if (there && samePolicy(there, wanted)) return there.id;
    const kept = new Map(there?.conditions.map((condition, at) => [conditionTuple(condition), there.conditionIds[at]!]));
    const conditionids: string[] = [];
    for (const condition of wanted.conditions) conditionids.push(kept.get(conditionTuple(condition)) ?? (await this.condition(condition)));
    const times = { duration: wanted.duration, quiettime: wanted.quietTime, conditionids };
    if (!there) {
      const begun = await mold.start("createAutoScalePolicy", { name, action: direction === "up" ? "scaleup" : "scaledown", ...times }, this.context);
      const made = await begun.done();
      return begun.id ?? made.id!;
    }
    // What it lets go of is written down first.
    const { conditions } = await unusedParts(this.job.world);
    for (const old of there.conditions) if (!wanted.conditions.some((each) => conditionTuple(each) === conditionTuple(old))) await this.notes.write(conditionTuple(old), conditions);
    await mold.run("updateAutoScalePolicy", { id: there.id, ...times }, this.context);
    return there.id;
  }

  private async condition(wanted: ScaleCondition): Promise<string> {
    const tuple = conditionTuple(wanted);
    return this.nameless(tuple, "conditions", () => this.job.world.mold.start("createCondition", { counterid: wanted.counterId, relationaloperator: wanted.operator, threshold: wanted.threshold }, this.context));
  }

  private async profile(wanted: ScaleProfile): Promise<string> {
    const { zoneId, ...rest } = this.profileParameters(wanted);
    return this.nameless(profileTuple(wanted), "profiles", () => this.job.world.mold.start("createAutoScaleVmProfile", { zoneid: zoneId, ...rest }, this.context));
  }

  private profileParameters({ zoneId, offeringId, templateId, graceSeconds, deployParams, userData }: ScaleProfile): {
    zoneId: string;
    serviceofferingid: string;
    templateid: string;
    expungevmgraceperiod: number;
    otherdeployparams?: { name: string; value: string }[];
    userdata?: string;
  } {
    const params = Object.entries(deployParams).map(([name, value]) => ({ name, value }));
    return { zoneId, serviceofferingid: offeringId, templateid: templateId, expungevmgraceperiod: graceSeconds, ...(params.length > 0 ? { otherdeployparams: params } : {}), ...(userData === undefined ? {} : { userdata: userData }) };
  }

  /** One that an interrupted run had made is gone on with. */
  private async nameless(tuple: string, kind: "conditions" | "profiles", create: () => Promise<{ readonly id?: string; done(): Promise<{ id?: string }> }>): Promise<string> {
    const unused = (await unusedParts(this.job.world))[kind];
    const [ours] = this.notes.ours(unused.filter((each) => each.tuple === tuple));
    if (ours) return ours.id;
    await this.notes.write(tuple, unused);
    const begun = await create();
    const made = await begun.done();
    return begun.id ?? made.id!;
  }

  async remove(): Promise<void> {
    const { world, ruleId } = this.job;
    const { mold } = world;
    const group = await findGroup(world, ruleId);
    if (group) {
      const { profiles } = await unusedParts(world);
      for (const profile of await mold.list("listAutoScaleVmProfiles", { id: group.profileId }).catch(goneAsEmpty)) await this.notes.write(profileTuple(readProfile(profile)), profiles);
      // Its machines go with it: nobody else knows of them.
      await this.gone(() => mold.run("deleteAutoScaleVmGroup", { id: group.id, cleanup: true }, this.context), async () => (await findGroup(world, ruleId)) === undefined);
    }
    for (const direction of directions) {
      const name = policyName(ruleId, direction);
      for (const policy of (await mold.list("listAutoScalePolicies", { name })).map(readPolicy)) {
        const { conditions } = await unusedParts(world);
        for (const condition of policy.conditions) await this.notes.write(conditionTuple(condition), conditions);
        await this.gone(() => mold.run("deleteAutoScalePolicy", { id: policy.id }, this.context), async () => (await mold.list("listAutoScalePolicies", { name })).length === 0);
      }
    }
    await this.settle();
  }

  /** What is unused and ours goes, and so do the notes. */
  private async settle(): Promise<void> {
    if (this.notes.isEmpty) return;
    const { world } = this.job;
    const { conditions, profiles } = await unusedParts(world);
    for (const { id } of this.notes.ours(conditions)) await this.gone(() => world.mold.run("deleteCondition", { id }, this.context), async () => !(await unusedParts(world)).conditions.some((each) => each.id === id));
    for (const { id } of this.notes.ours(profiles)) await this.gone(() => world.mold.run("deleteAutoScaleVmProfile", { id }, this.context), async () => !(await unusedParts(world)).profiles.some((each) => each.id === id));
    await this.notes.crossOff();
  }

  private async gone(remove: () => Promise<unknown>, isSo: () => Promise<boolean>): Promise<void> {
    await orAlready(remove, isSo);
  }
}

export async function setAutoscale(job: AutoscaleJob, desired: DesiredAutoscale): Promise<void> {
  await new Autoscaling(job, await NamelessNotes.read(job.world, job.owner, job.ruleId)).apply(desired);
}

/** The group with its machines, its policies, conditions and profile; also what an interrupted run left of them. */
export async function removeAutoscale(job: AutoscaleJob): Promise<void> {
  await new Autoscaling(job, await NamelessNotes.read(job.world, job.owner, job.ruleId)).remove();
}
