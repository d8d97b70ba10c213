/** Row 21: ports that lead to one machine. */
import type { Life } from "../../core/world/life";
import { DeclaredRule } from "../../handlers/rules";
import type { Claim } from "../claims";
import { byHandThere, deleted, editedTags, isAsDeclared, listed, table, up, where, type Rows } from "../rule-tab";
import { opensToTheWorld, together, unheardOfRule } from "../switches";
import { opened, workersOf } from "../worlds";

const ssh = (life: Life, more: object = {}): DeclaredRule =>
  DeclaredRule.networkRule("ssh", { ...where(life), kind: "portForward", protocol: "tcp", startPort: 8022, privateStartPort: 22, target: { node: workersOf(life)[0] }, tags: { team: "shop" }, ...more });

/** Mold's own forwards to its nodes' SSH aside. */
const forwards = (life: Life): Rows => table(life, "forwards").filter((rule) => Object.values(rule).includes(8022));

export const forward: Claim = {
  says: "`NetworkRule` kind `portForward`: leads a public port to a port of one machine, and opens nothing to the world",
  async shows(on) {
    const life = opened(on);
    const rule = ssh(life);
    const opens = table(life, "firewallRules").length;
    await up(life, rule);
    expect(forwards(life)).toMatchObject([{ protocol: "tcp", publicPort: 8022, privatePort: 22, machineId: `machines:${workersOf(life)[0]!}`, state: "Active" }]);
    expect(table(life, "firewallRules")).toHaveLength(opens);
    await isAsDeclared(life, rule);
  },
  without: () => [together("`privateStartPort` is not heard", unheardOfRule("networkRule", "privateStartPort"), unheardOfRule("networkRule", "privateEndPort")), unheardOfRule("networkRule", "protocol", "udp"), unheardOfRule("networkRule", "target", { role: "control-plane" }), opensToTheWorld("networkRule")],
};

export const forwardTags = editedTags("PortForwardingRule", "networkRule", ssh);

export const forwardDelete = deleted("networkRule", ssh);

export const forwardList = listed("portForward", (life) => ssh(life), { protocol: "tcp", startPort: 8022, privateStartPort: 22, machineId: expect.any(String) as string }, (life) =>
  byHandThere(life, "createPortForwardingRule", { ipaddressid: life.outputs.publicIpAddressId, protocol: "tcp", publicport: 7777, privateport: 7777, virtualmachineid: life.outputs.nodes[0]!.machineId, openfirewall: false }),
);
