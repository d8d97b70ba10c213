/** Makes, changes and unmakes the autoscaling of a balancer rule. A group can only be changed while it is disabled. */
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import type { CallContext } from "../ports";
import { NamelessNotes, type AutoscaleJob } from "./autoscale-nameless";
import { ScalePolicies } from "./autoscale-policies";
import { directions, findGroup, profileTuple, readProfile, sameBounds, samePolicies, unusedParts, type DesiredAutoscale, type ScaleProfile, type SeenGroup } from "./autoscale-seen";
import { inTurn } from "./turns";

const sameIds = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

class Autoscaling {
  private readonly context: CallContext;
  private readonly policies: ScalePolicies;

  constructor(
    private readonly job: AutoscaleJob,
    private readonly notes: NamelessNotes,
  ) {
    this.context = { resource: job.resource, property: "autoscale", signal: job.world.signal };
    this.policies = new ScalePolicies(job, notes, this.context);
  }

  async apply(desired: DesiredAutoscale): Promise<void> {
    const { world, ruleId } = this.job;
    const { mold } = world;
    let group = await findGroup(world, ruleId);
    if (group) group = await this.update(group, desired);
    else {
      const [up, down] = [await this.policies.set("up", desired.up), await this.policies.set("down", desired.down)];
      const profile = await this.profile(desired.profile);
      await mold.run(
        "createAutoScaleVmGroup",
        { lbruleid: ruleId, name: `lb-${ruleId.slice(0, 8)}`, vmprofileid: profile, minmembers: desired.min, maxmembers: desired.max, interval: desired.interval, scaleuppolicyids: up, scaledownpolicyids: down },
        this.context,
      );
      group = (await findGroup(world, ruleId))!;
    }
    await this.policies.prune([...group.up, ...group.down].map(({ id }) => id));
    if (group.isEnabled !== desired.enabled) await this.switch(group.id, desired.enabled);
    await this.settle();
  }

  private async update(group: SeenGroup, desired: DesiredAutoscale): Promise<SeenGroup> {
    const { mold } = this.job.world;
    const profile = (await mold.list("listAutoScaleVmProfiles", { id: group.profileId }).catch(goneAsEmpty)).map(readProfile)[0];
    const sameProfile = profile !== undefined && profileTuple(profile) === profileTuple(desired.profile);
    const stale = directions.filter((direction) => !samePolicies(group[direction], desired[direction]));
    const same = sameBounds(group, desired);
    if (sameProfile && stale.length === 0 && same) return group;
    if (group.isEnabled) await this.switch(group.id, false);
    if (!sameProfile) {
      const { zoneId: _zone, ...rest } = this.profileParameters(desired.profile);
      await mold.run("updateAutoScaleVmProfile", { id: group.profileId, ...rest }, this.context);
    }
    const bounds = { minmembers: desired.min, maxmembers: desired.max, interval: desired.interval };
    // No policy that the group has may look at less time than the interval: a shorter one goes before the policies, a longer one after them.
    const isShorter = desired.interval < group.interval;
    if (isShorter) await mold.run("updateAutoScaleVmGroup", { id: group.id, ...bounds }, this.context);
    const ids = { up: group.up.map(({ id }) => id), down: group.down.map(({ id }) => id) };
    const wanted = { ...ids };
    for (const direction of stale) wanted[direction] = await this.policies.set(direction, desired[direction], group[direction]);
    const sameLinks = directions.every((direction) => sameIds(ids[direction], wanted[direction]));
    // Both lists: of one that is left out Mold would ask of policies that go what the new interval asks.
    if (!sameLinks || !(same || isShorter)) await mold.run("updateAutoScaleVmGroup", { id: group.id, ...bounds, ...(sameLinks ? {} : { scaleuppolicyids: wanted.up, scaledownpolicyids: wanted.down }) }, this.context);
    return (await findGroup(this.job.world, this.job.ruleId)) ?? group;
  }

  private async switch(id: string, on: boolean): Promise<void> {
    await this.job.world.mold.run(on ? "enableAutoScaleVmGroup" : "disableAutoScaleVmGroup", { id }, this.context);
  }

  private async profile(wanted: ScaleProfile): Promise<string> {
    const { zoneId, ...rest } = this.profileParameters(wanted);
    return this.notes.make(profileTuple(wanted), "profiles", () => this.job.world.mold.start("createAutoScaleVmProfile", { zoneid: zoneId, ...rest }, this.context));
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
    await this.policies.prune([]);
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

/** One after another: of two that are alike neither may take what the other has just made, and not put to use yet, for its own. */
const oneByOne = ({ world }: AutoscaleJob, work: () => Promise<void>): Promise<void> => inTurn(world, "autoscaling", work);

export const setAutoscale = (job: AutoscaleJob, desired: DesiredAutoscale): Promise<void> => oneByOne(job, async () => new Autoscaling(job, await NamelessNotes.read(job)).apply(desired));

/** The group with its machines, its policies, conditions and profile; also what an interrupted run left of them. */
export const removeAutoscale = (job: AutoscaleJob): Promise<void> => oneByOne(job, async () => new Autoscaling(job, await NamelessNotes.read(job)).remove());
