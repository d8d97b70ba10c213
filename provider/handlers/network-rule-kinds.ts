/** The kinds of NetworkRule, each with its place and with what is declared of it in the core's words. */
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import type { Tags } from "../core/ownership";
import { nodeTarget } from "../core/succession";
import type { World } from "../core/ports";
import { egressKind, firewallKind, type DesiredFirewallRule } from "../core/rules/firewall";
import { aclKind, type DesiredAclRule } from "../core/rules/acl";
import { aclOf, aclPlace, findAcl, findAddress, findNetwork, firewallAddressOf, leadingAddressOf, networkOf, networkPlace, type RulePlace } from "../core/rules/place";
import { portForwardKind, type DesiredPortForward, type ForwardedPorts } from "../core/rules/port-forward";
import { applyRule, deleteRules, findRules, ruleDifference, type RuleJob, type RuleKind } from "../core/rules/rule-kind";
import { resolveMembers, type RuleOwner } from "../core/rules/shared";
import type { Declared } from "./handler";

type Inputs = CheckedNetworkRuleInputs & Declared;

const everyone = "0.0.0.0/0";

export const ownerOf = ({ declaredBy, cluster, tags, target }: Inputs): RuleOwner => ({ resource: declaredBy.resource, cluster, tags: { ...(target?.node === undefined ? {} : nodeTarget), ...tags } });

/** A rule of any kind, at its place. */
export interface BoundRule {
  readonly place: RulePlace;
  find(): Promise<{ readonly id: string; readonly state: string } | undefined>;
  /** Undefined: as declared. */
  difference(): Promise<string | undefined>;
  /** Makes it or changes it. `former`: tags that were declared last time. */
  apply(former: Tags): Promise<string>;
  delete(): Promise<void>;
}

interface Placed {
  readonly world: World;
  readonly inputs: Inputs;
  readonly place: RulePlace;
}

/** How the declaration of one kind reads. */
interface Declaration<Span, Desired extends Span> {
  readonly kind: RuleKind<Span, Desired>;
  /** What can be told without a look at Mold. */
  span(inputs: Inputs): Span;
  desired(job: RuleJob, inputs: Inputs): Promise<Desired>;
}

function firewallSpan(inputs: Inputs): DesiredFirewallRule {
  return {
    protocol: inputs.protocol,
    startPort: inputs.startPort,
    endPort: inputs.endPort ?? inputs.startPort,
    icmpType: inputs.icmpType,
    icmpCode: inputs.icmpCode,
    cidrs: [...(inputs.cidrList ?? [everyone])].sort(),
    ...(inputs.destinationCidrList ? { destinationCidrs: [...inputs.destinationCidrList].sort() } : {}),
  };
}

function forwardSpan({ protocol, startPort = 0, endPort = startPort }: Inputs): ForwardedPorts {
  return { protocol: protocol === "udp" ? "udp" : "tcp", startPort, endPort };
}

async function desiredForward({ world, owner, resource }: RuleJob, inputs: Inputs): Promise<DesiredPortForward> {
  const { target = {} } = inputs;
  const members = { role: target.role, nodes: target.node ? [target.node] : undefined, machineIds: target.machineId ? [target.machineId] : undefined };
  const [machineId] = await resolveMembers(world, owner, members, { resource, property: "target" });
  if (!machineId) throw new ClusterError("no machine of the cluster is meant by it. Name a node that is there.", { resource, property: "target" });
  const span = forwardSpan(inputs);
  const privateStartPort = inputs.privateStartPort ?? span.startPort;
  return {
    ...span,
    privateStartPort,
    privateEndPort: inputs.privateEndPort ?? privateStartPort + (span.endPort - span.startPort),
    machineId,
    cidrs: [...(inputs.cidrList ?? [])].sort(),
  };
}

const firewall: Declaration<DesiredFirewallRule, DesiredFirewallRule> = { kind: firewallKind, span: firewallSpan, desired: (_job, inputs) => Promise.resolve(firewallSpan(inputs)) };
const egress: Declaration<DesiredFirewallRule, DesiredFirewallRule> = { ...firewall, kind: egressKind };
const portForward: Declaration<ForwardedPorts, DesiredPortForward> = { kind: portForwardKind, span: forwardSpan, desired: desiredForward };

function desiredAcl(inputs: Inputs): DesiredAclRule {
  const { destinationCidrs: _none, ...rule } = firewallSpan(inputs);
  return { ...rule, action: inputs.action ?? "allow", trafficType: inputs.trafficType ?? "ingress", ...(inputs.number === undefined ? {} : { number: inputs.number }) };
}

const acl: Declaration<DesiredAclRule, DesiredAclRule> = { kind: aclKind, span: desiredAcl, desired: (_job, inputs) => Promise.resolve(desiredAcl(inputs)) };

function bind<Span, Desired extends Span>({ kind, desired }: Declaration<Span, Desired>, { world, inputs, place }: Placed): BoundRule {
  const job: RuleJob = { world, owner: ownerOf(inputs), place, resource: `NetworkRule ${inputs.declaredBy.resource}` };
  return {
    place,
    find: async () => (await findRules(kind, job))[0],
    difference: () => ruleDifference(kind, job, () => desired(job, inputs)),
    apply: async (former) => applyRule(kind, job, await desired(job, inputs), { former: { ...nodeTarget, ...former }, adopt: inputs.adopt }),
    delete: () => deleteRules(kind, job),
  };
}

/** One kind, as the handler knows it: what its span is made of stays in here. */
interface KnownKind {
  bind(placed: Placed): BoundRule;
  goTogether(olds: Inputs, news: Inputs): boolean;
  changesInPlace(olds: Inputs, news: Inputs): boolean;
}

const known = <Span, Desired extends Span>(declaration: Declaration<Span, Desired>): KnownKind => {
  const { kind, span } = declaration;
  return {
    bind: (placed) => bind(declaration, placed),
    goTogether: (olds, news) => !kind.conflict(span(olds), span(news)),
    changesInPlace: (olds, news) => kind.tuple(span(olds)) === kind.tuple(span(news)),
  };
};

const kinds: Readonly<Record<Inputs["kind"], KnownKind>> = { firewall: known(firewall), egress: known(egress), portForward: known(portForward), acl: known(acl) };

export const boundRule = (placed: Placed): BoundRule => kinds[placed.inputs.kind].bind(placed);

/** Whether Mold takes the old rule and the new one at once. */
export const goTogether = (olds: Inputs, news: Inputs): boolean => kinds[news.kind].goTogether(olds, news);

/** Whether Mold can change the rule that is there. */
export const changesInPlace = (olds: Inputs, news: Inputs): boolean => kinds[news.kind].changesInPlace(olds, news);

/** Where the rule lies; undefined when that is gone. */
export async function findPlace(world: World, inputs: Inputs): Promise<RulePlace | undefined> {
  const owner = ownerOf(inputs);
  if (inputs.kind === "acl") {
    const list = await findAcl(world, owner, inputs);
    return list && aclPlace(list);
  }
  if (inputs.kind !== "egress") return findAddress(world, owner, inputs);
  const network = await findNetwork(world, owner, inputs);
  return network && networkPlace(network);
}

/** @throws ClusterError that names the property by which it was looked for */
export async function placeOf(world: World, inputs: Inputs, resource: string): Promise<RulePlace> {
  const owner = ownerOf(inputs);
  if (inputs.kind === "acl") return aclPlace(await aclOf(world, owner, inputs, resource));
  if (inputs.kind === "egress") return networkPlace(await networkOf(world, owner, inputs, resource));
  return inputs.kind === "firewall" ? firewallAddressOf(world, owner, inputs, resource) : leadingAddressOf(world, owner, inputs, resource);
}
