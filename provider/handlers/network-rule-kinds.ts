/** The kinds of NetworkRule, each with its place and with what is declared of it in the core's words. */
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import type { Tags } from "../core/ownership";
import type { World } from "../core/ports";
import { egressKind, firewallKind, type DesiredFirewallRule } from "../core/rules/firewall";
import { addressOf, findAddress, findNetwork, networkOf, networkPlace, type RulePlace } from "../core/rules/place";
import { portForwardKind, type DesiredPortForward, type ForwardedPorts } from "../core/rules/port-forward";
import { applyRule, deleteRules, findRules, ruleDifference, type RuleJob, type RuleKind } from "../core/rules/rule-kind";
import { resolveMembers, type RuleOwner } from "../core/rules/shared";
import type { Declared } from "./handler";

type Inputs = CheckedNetworkRuleInputs & Declared;

const everyone = "0.0.0.0/0";

export const ownerOf = ({ declaredBy, cluster, tags }: Inputs): RuleOwner => ({ resource: declaredBy.resource, cluster, tags: tags ?? {} });

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

function bind<Span, Desired extends Span>({ kind, desired }: Declaration<Span, Desired>, { world, inputs, place }: Placed): BoundRule {
  const job: RuleJob = { world, owner: ownerOf(inputs), place, resource: `NetworkRule ${inputs.declaredBy.resource}` };
  return {
    place,
    find: async () => (await findRules(kind, job))[0],
    difference: () => ruleDifference(kind, job, () => desired(job, inputs)),
    apply: async (former) => applyRule(kind, job, await desired(job, inputs), { former, adopt: inputs.adopt }),
    delete: () => deleteRules(kind, job),
  };
}

export function boundRule(placed: Placed): BoundRule {
  const { kind } = placed.inputs;
  if (kind === "portForward") return bind(portForward, placed);
  return bind(kind === "egress" ? egress : firewall, placed);
}

/** Whether Mold takes the old rule and the new one at once. */
export function goTogether(olds: Inputs, news: Inputs): boolean {
  const apart = <Span, Desired extends Span>({ kind, span }: Declaration<Span, Desired>): boolean => !kind.conflict(span(olds), span(news));
  return news.kind === "portForward" ? apart(portForward) : apart(news.kind === "egress" ? egress : firewall);
}

/** Whether Mold can change the rule that is there. */
export function changesInPlace(olds: Inputs, news: Inputs): boolean {
  const inPlace = <Span, Desired extends Span>({ kind, span }: Declaration<Span, Desired>): boolean => kind.tuple(span(olds)) === kind.tuple(span(news));
  return news.kind === "portForward" ? inPlace(portForward) : inPlace(news.kind === "egress" ? egress : firewall);
}

/** Where the rule lies; undefined when that is gone. */
export async function findPlace(world: World, inputs: Inputs): Promise<RulePlace | undefined> {
  const owner = ownerOf(inputs);
  if (inputs.kind !== "egress") return findAddress(world, owner, inputs);
  const network = await findNetwork(world, owner, inputs);
  return network && networkPlace(network);
}

/** @throws ClusterError that names the property by which it was looked for */
export async function placeOf(world: World, inputs: Inputs, resource: string): Promise<RulePlace> {
  const owner = ownerOf(inputs);
  if (inputs.kind !== "egress") return addressOf(world, owner, inputs, resource);
  return networkPlace(await networkOf(world, owner, inputs, resource));
}
