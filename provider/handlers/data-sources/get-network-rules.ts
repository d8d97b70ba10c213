import type { GetNetworkRulesArgs, GetNetworkRulesResult, SeenRule } from "../../../schema/generated/types";
import { goneAsEmpty } from "../../core/gone";
import { readFirewallRule } from "../../core/observe";
import { tagKeys, tagsOf } from "../../core/ownership";
import type { Answer, World } from "../../core/ports";
import { readAclRule } from "../../core/rules/acl";
import { readBalancer } from "../../core/rules/balancer";
import { readPortForward } from "../../core/rules/port-forward";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { oneCluster, withoutAbsent } from "./seen-clusters";

export async function getNetworkRules(session: Session, given: GetNetworkRulesArgs): Promise<GetNetworkRulesResult> {
  const { connection, byHand, ...which } = checked("getNetworkRules", given);
  const world = lookingAt(session, connection);
  const { summary } = await oneCluster(world, which);
  const rules = summary.networkId === undefined ? [] : await rulesOf(world, summary.networkId);
  return { rules: rules.filter(({ declaredBy }) => !byHand || declaredBy === undefined) };
}

/** Of all addresses of the network, of the network itself, and of its access list. */
async function rulesOf({ mold }: World, networkid: string): Promise<SeenRule[]> {
  const [networks, firewall, egress, forwards, balancers] = await Promise.all([
    mold.list("listNetworks", { id: networkid }).catch(goneAsEmpty),
    mold.list("listFirewallRules", { networkid }).catch(goneAsEmpty),
    mold.list("listEgressFirewallRules", { networkid }).catch(goneAsEmpty),
    mold.list("listPortForwardingRules", { networkid }).catch(goneAsEmpty),
    mold.list("listLoadBalancerRules", { networkid }).catch(goneAsEmpty),
  ]);
  const aclid = networks[0]?.aclid;
  const items = aclid ? await mold.list("listNetworkACLs", { aclid }).catch(goneAsEmpty) : [];
  return [
    ...firewall.map((rule) => ofFirewall("firewall", rule)),
    ...egress.map((rule) => ofFirewall("egress", rule)),
    ...forwards.map((rule) => {
      const { protocol, startPort, endPort, privateStartPort, machineId, cidrs } = readPortForward(rule);
      return seen("portForward", rule, { protocol, ipAddress: rule.ipaddress, startPort, endPort, privateStartPort, machineId, cidrList: [...cidrs] });
    }),
    ...balancers.map((rule) => {
      const { name, protocol, publicPort, privatePort, cidrs } = readBalancer(rule);
      return seen("loadBalancer", rule, { name, protocol: protocol || "tcp", ipAddress: rule.publicip, startPort: publicPort, endPort: publicPort, privateStartPort: privatePort, cidrList: [...cidrs] });
    }),
    ...items.map((rule) => {
      const { protocol, startPort, endPort, cidrs, action, number } = readAclRule(rule);
      return seen("acl", rule, { protocol, startPort, endPort, action, number, cidrList: [...cidrs] });
    }),
  ];
}

function ofFirewall(kind: "firewall" | "egress", rule: Answer<"listFirewallRules">): SeenRule {
  const { protocol, startPort, endPort, cidrs } = readFirewallRule(rule);
  return seen(kind, rule, { protocol, ipAddress: rule.ipaddress, startPort, endPort, cidrList: [...cidrs] });
}

function seen(kind: SeenRule["kind"], rule: { readonly id?: string; readonly state?: string; readonly tags?: Answer<"listFirewallRules">["tags"] }, rest: Omit<SeenRule, "kind" | "ruleId" | "state" | "declaredBy" | "resource">): SeenRule {
  const tags = tagsOf(rule);
  return withoutAbsent<SeenRule>({ kind, ruleId: rule.id ?? "", ...rest, state: rule.state ?? "", declaredBy: tags[tagKeys.owner], resource: tags[tagKeys.resource] });
}
