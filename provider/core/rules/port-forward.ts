/** A port of a public address led to one machine. Machine and private port change in place. */
import { goneAsEmpty } from "../gone";
import { tagsOf } from "../ownership";
import type { Answer } from "../ports";
import type { RuleKind, Seen } from "./rule-kind";

/** The public ports, which can't be changed on a rule. */
export interface ForwardedPorts {
  readonly protocol: "tcp" | "udp";
  readonly startPort: number;
  readonly endPort: number;
}

export interface DesiredPortForward extends ForwardedPorts {
  readonly privateStartPort: number;
  readonly privateEndPort: number;
  readonly machineId: string;
  /** Who is let through. Sorted; empty, or 0.0.0.0/0: everyone whom the firewall lets in. */
  readonly cidrs: readonly string[];
}

export type ObservedPortForward = DesiredPortForward & Seen;

export function readPortForward(rule: Answer<"listPortForwardingRules">): ObservedPortForward {
  return {
    id: rule.id!,
    state: rule.state ?? "",
    tags: tagsOf(rule),
    protocol: rule.protocol as "tcp" | "udp",
    startPort: Number(rule.publicport),
    endPort: Number(rule.publicendport ?? rule.publicport),
    privateStartPort: Number(rule.privateport),
    privateEndPort: Number(rule.privateendport ?? rule.privateport),
    machineId: rule.virtualmachineid ?? "",
    cidrs: (rule.cidrlist ?? "").split(",").filter((cidr) => cidr !== "").sort(),
  };
}

/** What tells a rule on an address from every other there; intents are written for it. */
export const portForwardTuple = ({ protocol, startPort, endPort }: ForwardedPorts): string => `forward ${protocol} ${startPort}-${endPort}`;

const everyone = "0.0.0.0/0";
const letThrough = ({ cidrs }: DesiredPortForward): string => (cidrs.length > 0 ? cidrs.join() : everyone);

/** What can be changed on a rule, in the parameters that create and update share. */
const changeable = ({ privateStartPort, privateEndPort, machineId, cidrs }: DesiredPortForward): { privateport: number; privateendport: number; virtualmachineid: string; cidrlist?: string[] } => ({
  privateport: privateStartPort,
  privateendport: privateEndPort,
  virtualmachineid: machineId,
  ...(cidrs.length > 0 ? { cidrlist: [...cidrs] } : {}),
});

export const portForwardKind: RuleKind<ForwardedPorts, DesiredPortForward> = {
  noun: "port forwarding rule",
  word: "forward",
  tagged: "PortForwardingRule",
  tuple: portForwardTuple,
  conflict: (one, other) => one.protocol === other.protocol && one.startPort <= other.endPort && other.startPort <= one.endPort,
  same: (a, b) => a.privateStartPort === b.privateStartPort && a.privateEndPort === b.privateEndPort && a.machineId === b.machineId && letThrough(a) === letThrough(b),
  mend: "lead it to where it is declared to lead",
  list: async ({ mold }, place) => (await mold.list("listPortForwardingRules", { ipaddressid: place.id }).catch(goneAsEmpty)).map(readPortForward),
  create: ({ mold }, place, desired, _signature, context) => {
    const { protocol, startPort, endPort } = desired;
    // An address of a VPC belongs to none of its networks: which one is meant has to be said.
    const where = { ipaddressid: place.id, networkid: place.networkId || undefined };
    // Otherwise Mold opens the port to the world by a rule that carries no tag.
    return mold.start("createPortForwardingRule", { ...where, protocol, publicport: startPort, publicendport: endPort, ...changeable(desired), openfirewall: false }, context);
  },
  update: ({ mold }, rule, desired, _signature, context) =>
    // A list that is left out stays as it was.
    mold.run("updatePortForwardingRule", { id: rule.id, ...(rule.cidrs.length > 0 ? { cidrlist: [everyone] } : {}), ...changeable(desired) }, context),
  remove: ({ mold }, id, context) => mold.run("deletePortForwardingRule", { id }, context),
  isThere: async ({ mold }, id) => (await mold.list("listPortForwardingRules", { id }).catch(goneAsEmpty)).length > 0,
};
