import { rowsOnly } from "../../../provider/emulator";
import { readers } from "../../../provider/handlers/data-sources";
import { declaration, owner, sharedIdentity } from "../../core/world/cluster";
import { byHand, changing, MadeCluster } from "../../core/world/made";
import { manyRules, upAll } from "../many-rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
});
afterAll(() => made.close());

test("getNetworkRules tells every rule of a cluster's network with who declares it, and on request those alone that somebody made by hand", async () => {
  const world = made.open({ hypervisor: rowsOnly });
  const { cloud } = world;
  await cloud.clock.run(upAll(manyRules({ rules: 3, balancers: 1 }), cloud.newRun()));
  const mold = byHand(cloud);
  const { publicIpAddressId, publicIpAddress, networkId } = world.recorded.endpoint.outputs;
  await cloud.clock.run(mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["198.51.100.0/24"] }));
  await cloud.clock.run(mold.run("createEgressFirewallRule", { networkid: networkId, protocol: "udp", startport: 53, endport: 53 }));
  const run = cloud.newRun();
  const { rules } = await cloud.clock.run(readers.getNetworkRules(run.session, { cluster: "prod" }));
  const named = rules.map(({ kind, resource = "", declaredBy = "" }) => `${kind} ${resource} ${declaredBy}`.trim()).sort();
  expect(named).toEqual(["egress", `egress out-1 ${owner}`, "firewall", `firewall  ${owner}`, `firewall in-0 ${owner}`, `loadBalancer  ${owner}`, `loadBalancer lb-0 ${owner}`, `portForward to-2 ${owner}`].sort());
  expect(changing(run)).toEqual([]);
  const left = await cloud.clock.run(readers.getNetworkRules(cloud.newRun().session, { cluster: "prod", byHand: true }));
  expect(left.rules.map(({ ruleId: _id, ...rule }) => rule)).toEqual([
    { kind: "firewall", protocol: "tcp", ipAddress: publicIpAddress, startPort: 22, endPort: 22, cidrList: ["198.51.100.0/24"], state: "Active" },
    { kind: "egress", protocol: "udp", startPort: 53, endPort: 53, cidrList: ["10.1.1.0/24"], state: "Active" },
  ]);
});
