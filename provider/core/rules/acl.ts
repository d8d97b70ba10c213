/** A rule of an access list. All of it changes in place, and its `reason` says whose it is from its first moment. */
import { goneAsEmpty } from "../gone";
import { tagKeys, tagsOf } from "../ownership";
import type { Answer, CallContext, World } from "../ports";
import type { DesiredFirewallRule } from "./firewall";
import type { RulePlace } from "./place";
import type { RuleKind, Seen } from "./rule-kind";

export interface DesiredAclRule extends Omit<DesiredFirewallRule, "destinationCidrs"> {
  readonly action: "allow" | "deny";
  readonly trafficType: "ingress" | "egress";
  /** Undefined: wherever it is; a new one comes last. */
  readonly number?: number;
}

export function readAclRule(rule: Answer<"listNetworkACLs">): DesiredAclRule & Seen {
  const port = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return {
    id: rule.id!,
    state: rule.state ?? "",
    tags: tagsOf(rule),
    signature: rule.reason ?? "",
    protocol: rule.protocol ?? "",
    startPort: port(rule.startport),
    endPort: port(rule.endport),
    icmpType: rule.icmptype,
    icmpCode: rule.icmpcode,
    cidrs: (rule.cidrlist ?? "").split(",").filter((cidr) => cidr !== "").sort(),
    action: /^deny$/i.test(rule.action ?? "") ? "deny" : "allow",
    trafficType: /^egress$/i.test(rule.traffictype ?? "") ? "egress" : "ingress",
    number: rule.number,
  };
}

/** Whether the two rule the same traffic in the same way, wherever they stand. */
const alike = (a: DesiredAclRule, b: DesiredAclRule): boolean =>
  (["protocol", "startPort", "endPort", "icmpType", "icmpCode", "action", "trafficType"] as const).every((name) => a[name] === b[name]) && a.cidrs.join() === b.cidrs.join();

const parameters = (desired: DesiredAclRule, reason: string): { protocol: string; startport?: number; endport?: number; icmptype?: number; icmpcode?: number; cidrlist: string[]; action: string; traffictype: string; number?: number; reason: string } => ({
  protocol: desired.protocol,
  startport: desired.startPort,
  endport: desired.endPort ?? desired.startPort,
  icmptype: desired.icmpType,
  icmpcode: desired.icmpCode,
  cidrlist: [...desired.cidrs],
  action: desired.action,
  traffictype: desired.trafficType,
  number: desired.number,
  reason,
});

export const aclKind: RuleKind<DesiredAclRule, DesiredAclRule> = {
  noun: "access list rule",
  word: "acl",
  tagged: "NetworkACL",
  isSigned: true,
  // Nothing of it is fixed: whatever the resource's own rule is, it can become what is declared.
  tuple: () => "acl",
  conflict: () => false,
  numberOf: ({ number }) => number,
  same: (rule, desired) => alike(rule, desired) && (desired.number === undefined || rule.number === desired.number),
  isEqual: alike,
  mend: "change it back to what is declared: it was changed by hand",
  list: async ({ mold }, place) => (await mold.list("listNetworkACLs", { aclid: place.id }).catch(goneAsEmpty)).map(readAclRule),
  create: async (world, place, desired, signature, context) => {
    await makeRoom(world, place, desired, context);
    return world.mold.start("createNetworkACL", { aclid: place.id, ...parameters(desired, signature) }, { ...context, ...aboutNumber(desired) });
  },
  // What is left out goes: a rule that becomes ICMP has no ports any more.
  update: async (world, { id }, desired, signature, context, place) => {
    await makeRoom(world, place, desired, context, id);
    await world.mold.run("updateNetworkACLItem", { id, partialupgrade: false, ...parameters(desired, signature) }, { ...context, ...aboutNumber(desired) });
  },
  remove: ({ mold }, id, context) => mold.run("deleteNetworkACL", { id }, context),
  isThere: async ({ mold }, id) => (await mold.list("listNetworkACLs", { id }).catch(goneAsEmpty)).length > 0,
};

/** Of what is declared, Mold refuses a number that another rule has. */
const aboutNumber = ({ number }: DesiredAclRule): { property?: string } => (number === undefined ? {} : { property: "number" });

/**
 * Mold takes one rule a number. Another one of the same program that has it is about to leave it, since no two of them may declare the same:
 * it goes to the end of the list, where its own change finds it. So rules change places in one run, whichever comes first.
 */
async function makeRoom(world: World, place: RulePlace, { number }: DesiredAclRule, context: CallContext, own?: string): Promise<void> {
  if (number === undefined) return;
  const rules = await aclKind.list(world, place);
  const there = rules.find((rule) => rule.number === number && rule.id !== own);
  if (!there || there.tags[tagKeys.owner] !== world.owner) return;
  const last = Math.max(...rules.map((rule) => rule.number ?? 0));
  await world.mold.run("updateNetworkACLItem", { id: there.id, number: last + 1 }, context);
}
