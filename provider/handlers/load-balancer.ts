/** LoadBalancer: one balancer rule of a public address, and its members. */
import type { CheckedLoadBalancerInputs, LoadBalancerOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { messageOf } from "../core/errors";
import type { World } from "../core/ports";
import { applyBalancer, compareBalancer, deleteBalancers, findBalancer, type BalancerJob, type DesiredBalancer } from "../core/rules/balancer";
import { balancerMembers } from "../core/observe";
import { findAddress, leadingAddressOf, type RuleAddress } from "../core/rules/place";
import { resolveMembers, type RuleOwner } from "../core/rules/shared";
import { sharedLists } from "../core/shared-lists";
import { loadBalancerChange } from "./load-balancer-preview";
import { hasUnknown, isUnknown, PartialFailure, type CheckResult, type Declared, type DiffResult, type Handler, type Session } from "./handler";
import { desiredAutoscale } from "./load-balancer-autoscale";
import { claimName } from "./names-in-use";
import { portsInUse } from "./ports-in-use";
import { ruleNameFailures } from "./rule-name";

export type LoadBalancerResourceInputs = CheckedLoadBalancerInputs & Declared;

const resourceOf = ({ declaredBy }: Declared): string => `LoadBalancer ${declaredBy.resource}`;

const ownerOf = ({ declaredBy, cluster, tags }: LoadBalancerResourceInputs): RuleOwner => ({ resource: declaredBy.resource, cluster, tags: tags ?? {} });

function worldOf(session: Session, inputs: LoadBalancerResourceInputs, looking?: "looking"): World {
  const world = session.world(inputs.connection, inputs.declaredBy);
  return looking ? { ...world, mold: sharedLists(world) } : world;
}

const policiesOf = ({ stickiness, healthCheck }: LoadBalancerResourceInputs): Pick<DesiredBalancer, "stickiness" | "healthCheck"> => ({
  ...(stickiness ? { stickiness: { method: stickiness.method, parameters: stickiness.parameters ?? {} } } : {}),
  ...(healthCheck ? { healthCheck } : {}),
});

async function desiredOf(world: World, inputs: LoadBalancerResourceInputs, address: RuleAddress): Promise<DesiredBalancer> {
  return {
    name: inputs.name,
    description: inputs.description,
    publicPort: inputs.publicPort,
    privatePort: inputs.privatePort,
    algorithm: inputs.algorithm,
    protocol: inputs.protocol,
    cidrs: inputs.cidrList ? [...inputs.cidrList].sort() : undefined,
    members: inputs.members ?? { machineIds: [] },
    ...(inputs.autoscale ? { autoscale: await desiredAutoscale(world, inputs, address) } : {}),
    ...policiesOf(inputs),
    memberIds: (await resolveMembers(world, ownerOf(inputs), inputs.members ?? { machineIds: [] }, { resource: resourceOf(inputs), property: "members" })).sort(),
  };
}

export const loadBalancer: Handler<LoadBalancerResourceInputs, LoadBalancerOutputs> = {
  async check(session, _olds, news): Promise<CheckResult<LoadBalancerResourceInputs>> {
    const { declaredBy, ...declaration } = news;
    const checked = checkInputs("LoadBalancer", declaration, { isUnknown });
    const inputs = { ...checked.inputs, declaredBy } as LoadBalancerResourceInputs;
    const failures = [...ruleNameFailures(inputs), ...checked.failures];
    if (failures.length === 0) failures.push(...claimName(session, "LoadBalancer", inputs), ...portsInUse.claimLoadBalancer(inputs));
    return { inputs, failures, warnings: checked.warnings };
  },

  async diff(session, _id, olds, news): Promise<DiffResult> {
    const changed = changedProperties("LoadBalancer", olds.inputs, news, { isUnknown });
    const replaces = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
    if (hasUnknown(news)) return { changes: true, replaces, plan: [] };
    if (changed.length > 0) return { changes: true, replaces, plan: [`${resourceOf(news)}: ${loadBalancerChange(olds.inputs, news, changed)}`] };
    const world = worldOf(session, news, "looking");
    const address = await findAddress(world, ownerOf(news), news);
    const differences = address ? ((await compareBalancer(jobOf(world, news, address), () => desiredOf(world, news, address))) ?? ["it is not there"]) : ["its public address is gone"];
    return { changes: differences.length > 0, replaces: [], plan: differences.length > 0 ? [`${resourceOf(news)}: mend ${differences.join(", ")}`] : [] };
  },

  async create(session, inputs) {
    const world = worldOf(session, inputs);
    const job = jobOf(world, inputs, await leadingAddressOf(world, ownerOf(inputs), inputs, resourceOf(inputs)));
    const id = `loadBalancer/${job.address.id}/${inputs.declaredBy.resource}`;
    const desired = await desiredOf(world, inputs, job.address);
    try {
      const ruleId = await applyBalancer(job, desired, { former: {}, adopt: inputs.adopt });
      return { id, outputs: await outputsOf(job, ruleId, desired.memberIds) };
    } catch (error) {
      const there = await findBalancer(world, job.owner, job.address).catch(() => undefined);
      if (!there) throw error;
      throw new PartialFailure(id, { ruleId: there.id, ipAddress: job.address.ipAddress, memberIds: [], state: there.state }, [messageOf(error)], { cause: error });
    }
  },

  async read(session, id, { inputs, outputs }) {
    const world = worldOf(session, inputs, "looking");
    const address = await findAddress(world, ownerOf(inputs), inputs);
    const rule = address && (await findBalancer(world, ownerOf(inputs), address));
    return rule && { id, outputs: { ...outputs, ruleId: rule.id, ipAddress: address.ipAddress, memberIds: inputs.autoscale ? [] : await balancerMembers(world, rule.id), state: rule.state } };
  },

  async update(session, _id, olds, news) {
    const world = worldOf(session, news);
    const job = jobOf(world, news, await leadingAddressOf(world, ownerOf(news), news, resourceOf(news)));
    const desired = await desiredOf(world, news, job.address);
    const ruleId = await applyBalancer(job, desired, { former: olds.inputs.tags ?? {}, formerPolicies: policiesOf(olds.inputs), adopt: news.adopt });
    return { outputs: await outputsOf(job, ruleId, desired.memberIds) };
  },

  async delete(session, _id, { inputs }) {
    const world = worldOf(session, inputs);
    const address = await findAddress(world, ownerOf(inputs), inputs);
    if (address) await deleteBalancers(jobOf(world, inputs, address));
  },
};

const jobOf = (world: World, inputs: LoadBalancerResourceInputs, address: RuleAddress): BalancerJob => ({ world, owner: ownerOf(inputs), address, resource: resourceOf(inputs) });

async function outputsOf({ world, owner, address }: BalancerJob, ruleId: string, memberIds: readonly string[]): Promise<LoadBalancerOutputs> {
  const found = await findBalancer(world, owner, address);
  // Which machines Mold has made changes by itself, and outputs hold nothing that does.
  return { ruleId, ipAddress: address.ipAddress, memberIds: [...memberIds], state: found?.state ?? "" };
}
