/** Stickiness and health check of a balancer rule. Mold can change neither: another one takes the place of the old. */
import { createHash } from "node:crypto";
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import type { CallContext, World } from "../ports";
import type { Stickiness } from "./balancer-capability";
import { inTurn } from "./turns";

/** Times in seconds. */
export interface HealthCheck {
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

interface Seen<Policy> {
  readonly id: string;
  readonly policy: Policy;
  /** It says itself that this library made it. */
  readonly isMarked: boolean;
}

const byUs = "ablestack-kubernetes";

/** Where nothing is declared what people have given the rule is theirs; what was declared last time, or an interrupted run has made, goes. */
export const toChange = <Policy>(seen: readonly Seen<Policy>[], wanted: Policy | undefined, former: Policy | undefined): readonly Seen<Policy>[] => (wanted ?? former) === undefined ? seen.filter(({ isMarked }) => isMarked) : seen;

/** Where a rule's policies are changed: in turn with what else changes at its address. */
export interface PolicyPlace {
  readonly world: World;
  readonly addressId: string;
  readonly ruleId: string;
  readonly resource: string;
}

export async function stickinessSeen({ mold }: World, ruleId: string): Promise<Seen<Stickiness>[]> {
  const lists = await mold.list("listLBStickinessPolicies", { lbruleid: ruleId }).catch(goneAsEmpty);
  return lists
    .flatMap(({ stickinesspolicy }) => stickinesspolicy ?? [])
    .map(({ id, name = "", methodname, params }) => ({ id: id!, isMarked: name.startsWith("ablestack-"), policy: { method: methodname ?? "", parameters: (params ?? {}) as Record<string, string> } }));
}

export async function healthChecksSeen({ mold }: World, ruleId: string): Promise<Seen<HealthCheck>[]> {
  const lists = await mold.list("listLBHealthCheckPolicies", { lbruleid: ruleId }).catch(goneAsEmpty);
  return lists
    .flatMap(({ healthcheckpolicy }) => healthcheckpolicy ?? [])
    .map((one) => ({
      id: one.id!,
      isMarked: one.description === byUs,
      policy: { path: one.pingpath ?? "/", interval: one.healthcheckinterval ?? 0, timeout: one.responsetime ?? 0, healthyThreshold: one.healthcheckthresshold ?? 0, unhealthyThreshold: one.unhealthcheckthresshold ?? 0 },
    }));
}

const text = (policy: Stickiness | HealthCheck | undefined): string =>
  JSON.stringify(Object.entries(policy ?? {}).map(([name, value]) => [name, typeof value === "object" ? Object.entries(value as object).sort() : value as unknown]).sort());

/** Pure: whether exactly what is declared is there. */
export const asDeclared = <Policy extends Stickiness | HealthCheck>(seen: readonly Seen<Policy>[], wanted: Policy | undefined): boolean =>
  wanted === undefined ? seen.length === 0 : seen.length === 1 && text(seen[0]!.policy) === text(wanted);

/** A rule may have two for a while: the new one is there before the old one goes. */
export async function setStickiness(place: PolicyPlace, seen: readonly Seen<Stickiness>[], wanted: Stickiness | undefined): Promise<void> {
  const kept = wanted && seen.find(({ policy }) => text(policy) === text(wanted));
  const old = seen.filter((each) => each !== kept);
  const { world, ruleId } = place;
  const remove = ({ id }: Seen<Stickiness>): Promise<void> =>
    removed(place, (context) => world.mold.run("deleteLBStickinessPolicy", { id }, context), async () => !(await stickinessSeen(world, ruleId)).some((each) => each.id === id));
  if (wanted && !kept) {
    if (old.length > 1) await remove(old.pop()!);
    const param = Object.entries(wanted.parameters).map(([name, value]) => ({ name, value }));
    const name = `ablestack-${createHash("sha256").update(text(wanted)).digest("hex").slice(0, 12)}`;
    await inTurn(world, place.addressId, () =>
      world.mold.run("createLBStickinessPolicy", { lbruleid: ruleId, name, methodname: wanted.method, ...(param.length > 0 ? { param } : {}) }, { resource: place.resource, property: "stickiness", signal: world.signal }),
    );
  }
  for (const each of old) await remove(each);
}

/** A rule has one at most. */
export async function setHealthCheck(place: PolicyPlace, seen: readonly Seen<HealthCheck>[], wanted: HealthCheck | undefined): Promise<void> {
  if (asDeclared(seen, wanted)) return;
  const { world, ruleId } = place;
  for (const { id } of seen) {
    await removed(place, (context) => world.mold.run("deleteLBHealthCheckPolicy", { id }, context), async () => !(await healthChecksSeen(world, ruleId)).some((each) => each.id === id));
  }
  if (!wanted) return;
  await inTurn(world, place.addressId, () =>
    world.mold.run(
      "createLBHealthCheckPolicy",
      { lbruleid: ruleId, description: byUs, pingpath: wanted.path, intervaltime: wanted.interval, responsetimeout: wanted.timeout, healthythreshold: wanted.healthyThreshold, unhealthythreshold: wanted.unhealthyThreshold },
      { resource: place.resource, property: "healthCheck", signal: world.signal },
    ),
  );
}

async function removed({ world, addressId, resource }: PolicyPlace, remove: (context: CallContext) => Promise<unknown>, isGone: () => Promise<boolean>): Promise<void> {
  await inTurn(world, addressId, () => orAlready(() => remove({ resource }), isGone));
}
