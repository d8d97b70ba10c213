/** Mold leaves a public address its tags when its network is deleted, and whoever gets it next has them. Promise 4: by them nobody else's address is taken for the cluster's. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { checkInputs } from "../../schema/check";
import { DeclaredRule } from "../handlers/rules";
import { Cloud } from "./world/cloud";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, changing, seen } from "./world/made";

const uid = "k3x9abcdef01";
const declared = declaration({ controlPlanes: 1, workers: 1 });
const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "no failure", (error: unknown) => (error as Error).message);

beforeAll(async () => {
  await sharedIdentity();
});

/** A cluster whose network somebody has deleted by hand, with all that was on it. */
async function withoutNetwork(options: ConstructorParameters<typeof Cloud>[0] = {}): Promise<{ cloud: Cloud; engine: Engine; rule: DeclaredRule }> {
  const cloud = new Cloud(options);
  const engine = new Engine(declared);
  await cloud.clock.run(engine.up(cloud.newRun()));
  const rule = DeclaredRule.networkRule("web", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 443 });
  await cloud.clock.run(rule.up(cloud.newRun()));
  const mold = byHand(cloud);
  for (const { machineId } of engine.cluster.nodes) await cloud.clock.run(mold.run("destroyVirtualMachine", { id: machineId, expunge: true }));
  await cloud.clock.run(mold.run("deleteNetwork", { id: engine.endpoint.networkId }));
  return { cloud, engine, rule };
}

/** Of the same account. */
async function anotherNetwork(cloud: Cloud): Promise<string> {
  const mold = byHand(cloud);
  const [[zone], [offering]] = await cloud.clock.run(Promise.all([mold.list("listZones", { name: "zone-1" }), mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" })]));
  return (await cloud.clock.run(mold.call("createNetwork", { name: "theirs", zoneid: zone!.id!, networkofferingid: offering!.id! }))).id!;
}

/** Another network gets the address that the cluster had. */
async function givenToAnother(cloud: Cloud, address: string): Promise<void> {
  const mold = byHand(cloud);
  const network = await anotherNetwork(cloud);
  // The first one stays with the network, whatever is done about it: the one that matters is another.
  await cloud.clock.run(mold.run("associateIpAddress", { networkid: network }).then(() => mold.run("associateIpAddress", { networkid: network, ipaddress: address })));
  const [theirs] = await cloud.clock.run(mold.list("listPublicIpAddresses", { ipaddress: address }));
  await cloud.clock.run(mold.run("createFirewallRule", { ipaddressid: theirs!.id!, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["0.0.0.0/0"] }));
}

test("a destroy takes the tags off the address that goes with the cluster's own network", async () => {
  const cloud = new Cloud();
  const engine = new Engine(declared);
  await cloud.clock.run(engine.up(cloud.newRun()));
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(seen(cloud).tags).toEqual([]);
});

describe("the address of a cluster whose network was deleted by hand, given to another network", () => {
  let world: Awaited<ReturnType<typeof withoutNetwork>>;
  beforeEach(async () => {
    world = await withoutNetwork();
    await givenToAnother(world.cloud, world.engine.endpoint.publicIpAddress);
  });

  test("is left alone by a destroy, with all that is on it but the tags", async () => {
    const { cloud, engine, rule } = world;
    const before = seen(cloud);
    expect(before.tags).not.toEqual([]);
    await cloud.clock.run(rule.destroy(cloud.newRun()));
    await cloud.clock.run(engine.destroy(cloud.newRun()));
    const { inputs } = checkInputs("KubernetesCluster", declared);
    await cloud.clock.run(clusterIdentity.delete(cloud.newRun().session, "id", { inputs: { ...inputs, declaredBy } as IdentityInputs, outputs: await sharedIdentity() }));
    const after = seen(cloud);
    expect([after.addresses, after.firewallRules, after.tags]).toEqual([before.addresses, before.firewallRules, []]);
  });

  test("gets no rule of the cluster's", async () => {
    const { cloud, rule } = world;
    const run = cloud.newRun();
    expect((await cloud.clock.run(rule.diff(run))).plan).toEqual(["NetworkRule web: its public address is gone"]);
    expect(await failureOf(cloud.clock.run(rule.up(run)))).toMatch(/the cluster k3x9abcdef01 has no public address \(any longer\)/);
    expect(changing(run)).toEqual([]);
  });
});

describe("an address that carries tags of whoever had it last", () => {
  /** Of the addresses of the zone that have no tags all are taken but so many. */
  async function allTaken({ but }: { readonly but: number }): Promise<{ cloud: Cloud; tagged: string }> {
    const { cloud, engine } = await withoutNetwork({ publicRange: "127.90.0.0/28" });
    const tagged = engine.endpoint.publicIpAddress;
    const mold = byHand(cloud);
    const network = await anotherNetwork(cloud);
    const zoneid = engine.endpoint.zoneId;
    const free = (await cloud.clock.run(mold.list("listPublicIpAddresses", { zoneid, allocatedonly: false }))).filter(({ state }) => state === "Free");
    expect(free.map(({ ipaddress }) => ipaddress)).toContain(tagged);
    for (const { ipaddress } of free.filter((each) => each.ipaddress !== tagged).slice(but)) await cloud.clock.run(mold.run("associateIpAddress", { networkid: network, ipaddress }));
    return { cloud, tagged };
  }

  test("is not asked for while there is another", async () => {
    const { cloud, tagged } = await allTaken({ but: 1 });
    const anew = new Engine(declared);
    const run = cloud.newRun();
    await cloud.clock.run(anew.up(run));
    expect(anew.endpoint.publicIpAddress).not.toBe(tagged);
    expect(run.calls.filter((call) => call === "associateIpAddress")).toHaveLength(1);
  });

  test("and there is no other: the error says why, and what to do", async () => {
    const { cloud, tagged } = await allTaken({ but: 0 });
    const run = cloud.newRun();
    expect(await failureOf(cloud.clock.run(new Engine(declared).up(run)))).toMatch(new RegExp(`no free public address without tags.*${tagged}.*deleteTags`));
    expect(run.calls).not.toContain("associateIpAddress");
  });
});
