/** What Terraform's core and the provider say to each other, on the embedded Mold in virtual time. */
import { Cloud } from "../core/world/cloud";
import { changing } from "../core/world/made";
import { sharedIdentity } from "../core/world/cluster";
import { Refused, TerraformCore } from "./world/core";
import { balancer, cluster, clusterAddress, firewall, identity, stateWithIdentity } from "./world/declared";

beforeAll(sharedIdentity);

async function made(declared = [identity, cluster(), balancer(), firewall()]) {
  const cloud = new Cloud();
  const state = await stateWithIdentity();
  await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply(declared));
  return { cloud, state };
}

test("what is planned is what comes, and a second plan has nothing to do and changes nothing", async () => {
  const { cloud, state } = await made();
  const run = cloud.newRun();
  const planned = await cloud.clock.run(new TerraformCore(run.session, state).plan([identity, cluster(), balancer(), firewall()]));
  expect(planned.map(({ action }) => action)).toEqual(["none", "none", "none", "none"]);
  expect(changing(run)).toEqual([]);
});

test("nothing known yet of the cluster: its rules are planned all the same", async () => {
  const cloud = new Cloud();
  const planned = await cloud.clock.run(new TerraformCore(cloud.newRun().session).plan([identity, cluster(), balancer(), firewall()]));
  expect(planned.map(({ action }) => action)).toEqual(["create", "create", "create", "create"]);
  expect(planned[1]!.warnings.join()).toContain("deploy prod-control-1, prod-worker-1");
});

test("drift is seen and mended without a change of the configuration", async () => {
  const { cloud, state } = await made();
  const { mold } = cloud.newRun().world({ owner: "by hand" });
  const [worker] = (await cloud.clock.run(mold.list("listVirtualMachines", {}))).filter(({ name }) => name === "prod-worker-1");
  await cloud.clock.run(mold.run("stopVirtualMachine", { id: worker!.id! }));
  const planned = await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).plan([identity, cluster(), balancer(), firewall()]));
  expect(planned[1]).toMatchObject({ address: clusterAddress, action: "update" });
  expect(planned[1]!.warnings.join()).toContain("start prod-worker-1");
  await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply([identity, cluster(), balancer(), firewall()]));
  expect(state.get(clusterAddress)!.value.state).toBe("Running");
});

test("another zone replaces; another name of a rule does", async () => {
  const { cloud, state } = await made([identity, cluster(), firewall()]);
  const planned = await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).plan([identity, cluster({ pod_cidr: "10.200.0.0/16" }), firewall({ name: "web", start_port: 444 })]));
  expect(planned.map(({ action }) => action)).toEqual(["none", "replace", "replace"]);
});

test("an attribute that is only written otherwise is no work: a port that was filled in, a set in another order", async () => {
  const { cloud, state } = await made([identity, cluster(), firewall({ cidr_list: ["10.0.0.0/8", "192.168.0.0/16"] })]);
  const run = cloud.newRun();
  await cloud.clock.run(new TerraformCore(run.session, state).apply([identity, cluster(), firewall({ cidr_list: ["192.168.0.0/16", "10.0.0.0/8"], end_port: 443 })]));
  expect(changing(run)).toEqual([]);
});

test("two rules of one name at one place are refused: they would be one and the same", async () => {
  const cloud = new Cloud();
  const state = await stateWithIdentity();
  const twice = [identity, cluster(), firewall(), { ...firewall({ name: "https", start_port: 8443 }), name: "other" }];
  await expect(cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply(twice))).rejects.toThrow(Refused);
});

test("a create that fails leaves nothing tainted: the next apply goes on with the same cluster, and destroying takes it all along", async () => {
  const cloud = new Cloud();
  const state = await stateWithIdentity();
  cloud.emulator.faults.order({ kind: "jobFails", command: "createFirewallRule", count: -1 });
  await expect(cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply([identity, cluster()]))).rejects.toThrow();
  expect([...state.keys()]).toEqual(["ablestack_cluster_identity.prod"]);
  cloud.emulator.faults.clear();
  await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply([identity, cluster()]));
  expect(state.get(clusterAddress)!.value.state).toBe("Running");
  await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).destroy());
  expect(cloud.emulator.isEmpty()).toBe(true);
});
