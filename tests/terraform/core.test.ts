/** What Terraform's core and the provider say to each other, on the embedded Mold in virtual time. */
import { Cloud } from "../core/world/cloud";
import { changing } from "../core/world/made";
import { sharedIdentity } from "../core/world/cluster";
import { Refused, TerraformCore, type State } from "./world/core";
import { balancer, cluster, clusterAddress, firewall, identity, identityAddress, stateWithIdentity } from "./world/declared";

beforeAll(sharedIdentity);

async function addNetwork(cloud: Cloud, name: string): Promise<void> {
  const { mold } = cloud.newRun().world({ owner: "by hand" });
  const [[zone], [offering]] = await Promise.all([mold.list("listZones", { name: "zone-1" }), mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" })]);
  await mold.call("createNetwork", { name, displaytext: name, zoneid: zone!.id!, networkofferingid: offering!.id! });
}

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

test("a state of a release that knew fewer arguments: one that has come with a default is no difference", async () => {
  const declared = [identity, cluster(), balancer(), firewall()];
  const { cloud, state } = await made(declared);
  const since = ["addons", "adopt", "affinity", "algorithm", "failed_create", "pod_cidr", "power_state", "service_cidr", "timeouts"];
  for (const [address, recorded] of state) state.set(address, { ...recorded, value: Object.fromEntries(Object.entries(recorded.value).map(([name, value]) => [name, since.includes(name) ? null : value])) });
  const planned = await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).plan(declared));
  expect(planned.map(({ action }) => action)).toEqual(["none", "none", "none", "none"]);
});

test("two rules of one name at one place are refused: they would be one and the same", async () => {
  const cloud = new Cloud();
  const state = await stateWithIdentity();
  const twice = [identity, cluster(), firewall(), { ...firewall({ name: "https", start_port: 8443 }), name: "other" }];
  await expect(cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply(twice))).rejects.toThrow(Refused);
});

test("rules with names of their own are made side by side, and a second apply has nothing to do", async () => {
  const declared = [identity, cluster(), firewall({ name: "one", start_port: 8001 }, "one"), firewall({ name: "two", start_port: 8002 }, "two"), balancer({ name: "three", public_port: 8003 }, "three"), balancer({ name: "four", public_port: 8004 }, "four")];
  const { cloud, state } = await made(declared);
  expect(state.size).toBe(6);
  const run = cloud.newRun();
  await cloud.clock.run(new TerraformCore(run.session, state).apply(declared));
  expect(changing(run)).toEqual([]);
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

describe("with create_before_destroy, where of one identity there is one cluster", () => {
  const apply = (cloud: Cloud, state: State, more = {}): Promise<void> => cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply([identity, cluster(more)]));
  const replace = (cloud: Cloud, state: State, more = {}): Promise<void> => cloud.clock.run(new TerraformCore(cloud.newRun().session, state).replaceCreatingFirst(cluster(more)));
  const nodesIn = (state: State): unknown => state.get(clusterAddress)!.value.nodes;

  test.each([
    ["as -replace asks", {}],
    ["for another pod network", { pod_cidr: "10.200.0.0/16" }],
  ])("%s: it is not replaced, the run says so and what to do, and neither it nor the next one destroys anything", async (_, more) => {
    const { cloud, state } = await made([identity, cluster()]);
    const nodes = nodesIn(state);
    await expect(replace(cloud, state, more)).rejects.toThrow(/not replaced: create_before_destroy.*Take create_before_destroy away/);
    for (let times = 0; times < 2; times++) {
      await apply(cloud, state, more);
      expect(nodesIn(state)).toEqual(nodes);
      expect([...state.keys()].sort()).toEqual([identityAddress, clusterAddress]);
    }
    await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).destroy());
    expect(cloud.emulator.isEmpty()).toBe(true);
  });

  test("for another network: refused before anything is changed", async () => {
    const { cloud, state } = await made([identity, cluster()]);
    await addNetwork(cloud, "apps");
    const before = cloud.emulator.snapshot();
    await expect(replace(cloud, state, { network: "apps" })).rejects.toThrow(/on another network already: prod-control-1, prod-worker-1.*take create_before_destroy away/);
    expect(cloud.emulator.snapshot()).toBe(before);
    await apply(cloud, state, { network: "apps" });
    expect(state.get(clusterAddress)!.value.network_name).toBe("apps");
  });
});
