/** Row 20: what is let in, let out, allowed and denied. */
import type { Life } from "../../core/world/life";
import { DeclaredRule } from "../../handlers/rules";
import { makeVpc } from "../../handlers/vpc";
import type { Claim } from "../claims";
import { byHandThere, deleted, editedTags, isAsDeclared, listed, table, up, where, type Rows } from "../rule-tab";
import { unheardOfRule } from "../switches";
import { opened } from "../worlds";

const ingress = (life: Life): Rows => table(life, "firewallRules").filter(({ startPort, direction }) => direction === "Ingress" && startPort === 443);
const web = (life: Life, more: object = {}): DeclaredRule => DeclaredRule.networkRule("web", { ...where(life), kind: "firewall", protocol: "tcp", startPort: 443, endPort: 445, cidrList: ["127.0.0.0/8"], tags: { team: "shop" }, ...more });

export const firewall: Claim = {
  says: "`NetworkRule` kind `firewall`: lets a protocol, ports and networks in at the address",
  async shows(on) {
    const life = opened(on);
    const rule = web(life);
    await up(life, rule);
    expect(ingress(life)).toMatchObject([{ protocol: "tcp", startPort: 443, endPort: 445, cidrs: ["127.0.0.0/8"], state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [unheardOfRule("networkRule", "endPort"), unheardOfRule("networkRule", "cidrList"), unheardOfRule("networkRule", "protocol", "udp")],
};

export const firewallTags = editedTags("FirewallRule", "networkRule", web);

export const firewallDelete = deleted("networkRule", web);

export const firewallList = listed("firewall", (life) => web(life), { protocol: "tcp", startPort: 443, endPort: 445, cidrList: ["127.0.0.0/8"] }, (life) =>
  byHandThere(life, "createFirewallRule", { ipaddressid: life.outputs.publicIpAddressId, protocol: "tcp", startport: 7777, endport: 7777 }),
);

export const egress: Claim = {
  says: "kind `egress`: rules what the network lets out",
  async shows(on) {
    const life = opened(on);
    const rule = DeclaredRule.networkRule("out", { cluster: life.outputs.uid, networkId: life.outputs.networkId, kind: "egress", protocol: "tcp", startPort: 25, destinationCidrList: ["203.0.113.0/24"] });
    await up(life, rule);
    expect(table(life, "firewallRules").filter(({ direction, startPort }) => direction === "Egress" && startPort === 25)).toMatchObject([{ protocol: "tcp", destCidrs: ["203.0.113.0/24"], state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [unheardOfRule("networkRule", "protocol", "udp"), unheardOfRule("networkRule", "destinationCidrList")],
};

export const acl: Claim = {
  says: "kind `acl`: allows or denies on a tier of a VPC, in the order of its `number`",
  async shows(on) {
    const life = opened(on);
    const { aclId } = await makeVpc(life);
    const allow = DeclaredRule.networkRule("allow", { aclId, kind: "acl", protocol: "tcp", startPort: 6443, number: 10 });
    const deny = DeclaredRule.networkRule("deny", { aclId, kind: "acl", protocol: "tcp", startPort: 6443, number: 20, action: "deny", cidrList: ["198.51.100.0/24"] });
    await up(life, allow);
    await up(life, deny);
    expect([...table(life, "aclItems")].sort((a, b) => Number(a.place) - Number(b.place))).toMatchObject([{ place: 10, action: "Allow", startPort: 6443 }, { place: 20, action: "Deny", cidrs: ["198.51.100.0/24"] }]);
  },
  without: () => [unheardOfRule("networkRule", "action", "allow"), unheardOfRule("networkRule", "number"), unheardOfRule("networkRule", "cidrList")],
};
