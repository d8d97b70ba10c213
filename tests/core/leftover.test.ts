/** An engine that dies may lose the cluster's keys with its state: the next run does not make another cluster beside what the dead one began. */
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import { Cloud } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand } from "./world/made";

let other: ClusterIdentityOutputs;
/** Of an undisturbed run: that after which machines are there, and Kubernetes is not yet. */
let machinesMade: number;
let whole: Cloud;
beforeAll(async () => {
  await sharedIdentity();
  other = { uid: "k3x9abcdef02", ...(await createClusterCertificates({ uid: "k3x9abcdef02", now: Date.parse("2026-01-01T00:00:00Z") })) };
  whole = new Cloud();
  const run = whole.newRun();
  await whole.clock.run(new Engine(declared).up(run));
  machinesMade = run.calls.findIndex((call) => call.startsWith("kubernetes "));
});

const declared = declaration({ controlPlanes: 1, workers: 1 });

/** What a first run has left that died half-way. */
async function begun(): Promise<Cloud> {
  const cloud = new Cloud();
  const run = cloud.newRun({ killAt: { call: machinesMade, when: "after" } });
  await expect(cloud.clock.run(new Engine(declared).up(run))).rejects.toThrow();
  expect(run.wasKilled).toBe(true);
  return cloud;
}
const without = (cloud: Cloud, change: Record<string, unknown> = {}, owner?: string): Promise<void> => cloud.clock.run(new Engine({ ...declared, ...change }, owner, other).up(cloud.newRun()));

test("is refused before anything changes, and the error names what is there and what to do; with that gone, it is made", async () => {
  const cloud = await begun();
  const before = cloud.emulator.calls().length;
  await expect(without(cloud)).rejects.toThrow(/has begun a cluster of this name before: the network prod-k3x9abcdef01 is there with prod-control-1, prod-worker-1,.*Destroy these machines and that network in Mold.*run again/s);
  expect(cloud.emulator.calls(before).filter(({ changing }) => changing)).toEqual([]);
  // As it says.
  const mold = byHand(cloud);
  await cloud.clock.run(
    (async () => {
      for (const { id } of await mold.list("listVirtualMachines", {})) await mold.run("destroyVirtualMachine", { id: id!, expunge: true });
      for (const { id } of await mold.list("listNetworks", {})) await mold.run("deleteNetwork", { id: id! });
    })(),
  );
  await without(cloud);
});

test("what another owner has begun, another name, and a cluster that was whole are no leftover of this one", async () => {
  const cloud = await begun();
  await without(cloud, { name: "prod-2" });
  await without(cloud, {}, "pulumi:organization/project/other");
  await without(whole);
});
