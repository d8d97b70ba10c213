/** What `openfirewall` (default true) does: a world-open firewall rule that carries no tag. Send false. */
import type { Call } from "./call";

export function openFirewall(call: Call, ruleId: string, addressId: string, networkId: string, protocol: string, startPort: number, endPort: number): void {
  const { cloud } = call;
  cloud.table("firewallRules").put({
    ...cloud.identity("firewallRules"),
    ...call.owner,
    direction: "Ingress",
    addressId,
    networkId,
    protocol,
    startPort,
    endPort,
    cidrs: ["0.0.0.0/0"],
    destCidrs: [],
    state: "Active",
    relatedRuleId: ruleId,
  });
}
