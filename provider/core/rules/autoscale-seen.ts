/** Autoscaling of what is behind a balancer rule: what is declared, and what Mold shows of it. */
import { createHash } from "node:crypto";
import type { Answer, World } from "../ports";

/** A part that takes neither name nor tag. */
export interface Nameless {
  readonly id: string;
  /** What it is: two with one tuple do the same. */
  readonly tuple: string;
}

export interface ScaleCondition {
  readonly counterId: string;
  readonly operator: string;
  readonly threshold: number;
}

export type Direction = "up" | "down";
export const directions: readonly Direction[] = ["up", "down"];

/** Times in seconds. */
export interface ScalePolicy {
  readonly duration: number;
  readonly quietTime: number;
  /** All of them have to hold. */
  readonly conditions: readonly ScaleCondition[];
}

export interface ScaleProfile {
  readonly zoneId: string;
  readonly offeringId: string;
  readonly templateId: string;
  readonly graceSeconds: number;
  /** As Mold names them: `rootdisksize`, `keypairs`. */
  readonly deployParams: Readonly<Record<string, string>>;
  /** As Mold takes it: base64. */
  readonly userData?: string;
}

export interface DesiredAutoscale {
  readonly enabled: boolean;
  readonly min: number;
  readonly max: number;
  readonly interval: number;
  readonly profile: ScaleProfile;
  /** Any one of them suffices; in no order. */
  readonly up: readonly ScalePolicy[];
  readonly down: readonly ScalePolicy[];
}

export interface SeenPolicy extends ScalePolicy {
  readonly id: string;
  readonly name: string;
  readonly conditionIds: readonly string[];
}

export interface SeenGroup {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly min: number;
  readonly max: number;
  readonly interval: number;
  readonly profileId: string;
  readonly up: readonly SeenPolicy[];
  readonly down: readonly SeenPolicy[];
}

const conditionOf = (each: Answer<"listConditions">): ScaleCondition & { readonly id: string } => ({ id: each.id!, counterId: each.counterid ?? "", operator: each.relationaloperator ?? "", threshold: Number(each.threshold) });

export function readPolicy(policy: Answer<"listAutoScalePolicies">): SeenPolicy {
  const conditions = ((policy.conditions ?? []) as Answer<"listConditions">[]).map(conditionOf);
  return { id: policy.id!, name: policy.name ?? "", duration: policy.duration ?? 0, quietTime: policy.quiettime ?? 0, conditions: conditions.map(({ id: _id, ...condition }) => condition), conditionIds: conditions.map(({ id }) => id) };
}

/** All of the account, so that every balancer of a program can look at one list. */
export async function findGroup({ mold }: World, ruleId: string): Promise<SeenGroup | undefined> {
  const group = (await mold.list("listAutoScaleVmGroups", {})).find(({ lbruleid }) => lbruleid === ruleId);
  if (!group) return undefined;
  const policies = (list: unknown[] | undefined): SeenPolicy[] => ((list ?? []) as Answer<"listAutoScalePolicies">[]).map(readPolicy);
  return {
    id: group.id!,
    isEnabled: !/^disabled$/i.test(group.state ?? ""),
    min: group.minmembers ?? 0,
    max: group.maxmembers ?? 0,
    interval: group.interval ?? 0,
    profileId: group.vmprofileid ?? "",
    up: policies(group.scaleuppolicies),
    down: policies(group.scaledownpolicies),
  };
}

export function readProfile(profile: Answer<"listAutoScaleVmProfiles">): ScaleProfile {
  return {
    zoneId: profile.zoneid ?? "",
    offeringId: profile.serviceofferingid ?? "",
    templateId: profile.templateid ?? "",
    graceSeconds: profile.expungevmgraceperiod ?? 0,
    deployParams: (profile.otherdeployparams ?? {}) as Record<string, string>,
    ...(profile.userdata ? { userData: profile.userdata } : {}),
  };
}

export const conditionTuple = ({ counterId, operator, threshold }: ScaleCondition): string => `autoscale condition ${counterId} ${operator} ${threshold}`;

export function profileTuple({ offeringId, templateId, zoneId, graceSeconds, deployParams, userData }: ScaleProfile): string {
  const rest = createHash("sha256").update(JSON.stringify([zoneId, Object.entries(deployParams).sort(), userData ?? ""])).digest("hex").slice(0, 12);
  return `autoscale profile ${offeringId} ${templateId} ${graceSeconds} ${rest}`;
}

/** Policies have names: the rule's id is in them, so that they are found whatever else there is. All of one direction share one. */
export const policyName = (ruleId: string, direction: Direction): string => `ablestack ${ruleId} ${direction}`;

const policyTuple = ({ duration, quietTime, conditions }: ScalePolicy): string => `${duration} ${quietTime} ${conditions.map(conditionTuple).sort().join()}`;

export const samePolicy = (a: ScalePolicy, b: ScalePolicy): boolean => policyTuple(a) === policyTuple(b);

/** Whatever their order. */
export const samePolicies = (a: readonly ScalePolicy[], b: readonly ScalePolicy[]): boolean => a.map(policyTuple).sort().join("; ") === b.map(policyTuple).sort().join("; ");

export const sameBounds = (group: SeenGroup, desired: DesiredAutoscale): boolean => group.min === desired.min && group.max === desired.max && group.interval === desired.interval;

/** Whether Mold shows what is declared, and nothing that an interrupted run has left beside it. */
export async function isAutoscaledAsDeclared(world: World, ruleId: string, desired: DesiredAutoscale): Promise<boolean> {
  const group = await findGroup(world, ruleId);
  if (!group || group.isEnabled !== desired.enabled || !sameBounds(group, desired)) return false;
  if (!directions.every((direction) => samePolicies(group[direction], desired[direction]))) return false;
  const used = [...group.up, ...group.down].map(({ id }) => id);
  const names = directions.map((direction) => policyName(ruleId, direction));
  if ((await world.mold.list("listAutoScalePolicies", {})).some(({ id = "", name = "" }) => names.includes(name) && !used.includes(id))) return false;
  const profile = (await world.mold.list("listAutoScaleVmProfiles", {})).find(({ id }) => id === group.profileId);
  return profile !== undefined && profileTuple(readProfile(profile)) === profileTuple(desired.profile);
}

/** Conditions that no policy uses, and profiles that no group does. */
export async function unusedParts({ mold }: World): Promise<{ readonly conditions: Nameless[]; readonly profiles: Nameless[] }> {
  const [conditions, policies, profiles, groups] = await Promise.all([mold.list("listConditions", {}), mold.list("listAutoScalePolicies", {}), mold.list("listAutoScaleVmProfiles", {}), mold.list("listAutoScaleVmGroups", {})]);
  const used = new Set([...policies.flatMap((policy) => readPolicy(policy).conditionIds), ...groups.map(({ vmprofileid }) => vmprofileid)]);
  return {
    conditions: conditions.map(conditionOf).filter(({ id }) => !used.has(id)).map((each) => ({ id: each.id, tuple: conditionTuple(each) })),
    profiles: profiles.filter(({ id }) => !used.has(id)).map((each) => ({ id: each.id!, tuple: profileTuple(readProfile(each)) })),
  };
}
