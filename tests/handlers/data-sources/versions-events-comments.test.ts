import fc from "fast-check";
import { eventsSeen, timeBefore } from "../../../provider/handlers/data-sources/get-events";
import { readers } from "../../../provider/handlers/data-sources";
import { sharedIdentity } from "../../core/world/cluster";
import { byHand, MadeCluster } from "../../core/world/made";

let made: MadeCluster;

beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make();
});
afterAll(() => made.close());

describe("getKubernetesVersions", () => {
  test("lists what is registered, the oldest first, with the ISO and what it needs", async () => {
    const { versions } = await readers.getKubernetesVersions(made.open().cloud.newRun().session, {});
    expect(versions.map(({ version }) => version)).toEqual([...versions.map(({ version }) => version)].sort((a, b) => a.localeCompare(b, "en", { numeric: true })));
    expect(versions.find(({ version }) => version === "1.35.4")).toMatchObject({ usable: true, state: "Enabled", isoState: "Ready", isoName: expect.stringContaining("ISO"), minCpuCores: 2, minMemoryMb: 2048, supportsHa: true });
  });

  test("one that is disabled says why it can't be used, and can be left out", async () => {
    const { cloud } = made.open();
    const mold = byHand(cloud);
    const first = (await mold.list("listKubernetesSupportedVersions", {})).find(({ semanticversion }) => semanticversion === "1.35.4");
    await mold.call("updateKubernetesSupportedVersion", { id: first!.id!, state: "Disabled" });
    const all = await readers.getKubernetesVersions(cloud.newRun().session, {});
    expect(all.versions.find(({ id }) => id === first!.id)).toMatchObject({ usable: false, reason: "it is Disabled" });
    const usable = await readers.getKubernetesVersions(cloud.newRun().session, { usable: true, zone: "zone-1" });
    expect(usable.versions).toEqual(all.versions.filter((version) => version.usable));
  });
});

describe("getEvents", () => {
  test("tells what happened to the machines, the network, the address and the rules of a cluster, and to nobody else's", async () => {
    const { cloud } = made.open();
    const mold = byHand(cloud);
    await mold.call("createNetwork", { name: "other", displaytext: "other", zoneid: (await mold.list("listZones", {}))[0]!.id!, networkofferingid: (await mold.list("listNetworkOfferings", {}))[0]!.id! });
    const { events } = await readers.getEvents(cloud.newRun().session, { cluster: "prod", limit: 1000 });
    for (const type of ["VM.CREATE", "LB.CREATE", "FIREWALL.OPEN", "ISO.ATTACH"]) expect(events.map((event) => event.type)).toContain(type);
    expect(events.map(({ resourceName }) => resourceName)).not.toContain("other");
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).sort());
  });

  test("a machine that is gone has its events still", async () => {
    const { cloud } = made.open();
    const mold = byHand(cloud);
    const [machine] = await mold.list("listVirtualMachines", { name: "prod-worker-2" });
    await cloud.clock.run(mold.run("destroyVirtualMachine", { id: machine!.id!, expunge: true }));
    const { events } = await readers.getEvents(cloud.newRun().session, { cluster: "prod", limit: 1000 });
    expect(events.filter(({ type, resourceName }) => type === "VM.DESTROY" && resourceName === "prod-worker-2")).not.toEqual([]);
  });

  test("the newest of them, not before a time, of one level", async () => {
    const { cloud } = made.open();
    const { session } = cloud.newRun();
    const { events } = await readers.getEvents(session, { cluster: "prod", limit: 1000 });
    const newest = await readers.getEvents(session, { cluster: "prod", limit: 3 });
    expect(newest.events).toEqual(events.slice(-3));
    const { time } = events[events.length >> 1]!;
    const since = await readers.getEvents(session, { cluster: "prod", since: time, limit: 1000 });
    expect(since.events).toEqual(events.filter((event) => event.time >= time));
    expect((await readers.getEvents(session, { cluster: "prod", level: "ERROR" })).events).toEqual([]);
    await expect(readers.getEvents(session, { cluster: "prod", since: "yesterday" })).rejects.toThrow(/since: is "yesterday"; must be a time/);
  });

  test("a span goes back from now, a time is itself", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom(["s", 1], ["m", 60], ["h", 3600], ["d", 86_400] as const), (number, [unit, seconds]) => {
        expect(timeBefore(`${number}${unit}`, 1e14)).toBe(1e14 - number * Number(seconds) * 1000);
      }),
    );
    expect(timeBefore("2026-11-23T13:00:00Z", 0)).toBe(Date.parse("2026-11-23T13:00:00Z"));
  });

  test("no event of another cluster is taken for one of ours, whatever its resource is called", () => {
    const event = (resourcename: string): object => ({ id: "e", created: "2026-11-23T13:54:48+0000", resourcetype: "VirtualMachine", resourceid: "x", resourcename });
    const seen = eventsSeen([event("prod-worker-1"), event("prod-b-worker-1"), event("prod"), event("xprod-worker-1")], { ids: new Set(), cluster: "prod", from: 0, limit: 10 });
    expect(seen.map(({ resourceName }) => resourceName)).toEqual(["prod-worker-1"]);
    const molds = eventsSeen([event("prod-node-19b7c1d2e00"), event("prod-control-19b7c1d2e01"), event("prod-b-node-19b7c1d2e02"), event("prod-worker-1"), event("prod-node-1")], { ids: new Set(), cluster: "prod", isMolds: true, from: 0, limit: 10 });
    expect(molds.map(({ resourceName }) => resourceName)).toEqual(["prod-node-19b7c1d2e00", "prod-control-19b7c1d2e01"]);
  });
});

describe("getComments", () => {
  test("tells who wrote what and when, the oldest first; a cluster without a record has none", async () => {
    const { cloud } = made.open();
    const mold = byHand(cloud);
    const [network] = await mold.list("listNetworks", {});
    const { id } = await cloud.clock.run(mold.run("createKubernetesCluster", { name: "legacy", zoneid: network!.zoneid!, networkid: network!.id, clustertype: "ExternalManaged" }));
    expect((await readers.getComments(cloud.newRun().session, { cluster: "legacy" })).comments).toEqual([]);
    await mold.call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: id, annotation: "first" });
    await cloud.clock.pass(5000);
    await mold.call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: id, annotation: "second" });
    const { comments } = await readers.getComments(cloud.newRun().session, { cluster: "legacy" });
    expect(comments.map(({ text, author, adminsOnly }) => ({ text, author, adminsOnly }))).toEqual([
      { text: "first", author: "admin", adminsOnly: false },
      { text: "second", author: "admin", adminsOnly: false },
    ]);
  });
});
