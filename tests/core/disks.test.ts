/** Root disks: new machines get the declared size, those that exist are grown while they are off, one after another; none shrinks. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster } from "./world/made";

const small = "k8s-2c-4g";
interface Sizes {
  readonly controlPlane?: number;
  readonly workers?: number;
}
const sized = ({ controlPlane, workers }: Sizes, { count = 2, ...more }: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...declaration(more),
  controlPlane: { count: 3, offering: small, ...(controlPlane ? { rootDiskGb: controlPlane } : {}) },
  workers: { count, offering: small, ...(workers ? { rootDiskGb: workers } : {}) },
});

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(sized({ workers: 20 }));
});
afterAll(() => made.close());

/** GB by machine. */
async function disks(life: Life): Promise<Record<string, number>> {
  const volumes = await life.cloud.clock.run(byHand(life.cloud).list("listVolumes", {}));
  return Object.fromEntries(volumes.map(({ vmname, size }): [string, number] => [vmname!, size! / 2 ** 30]).sort());
}
const count = ({ run }: Life, command: string): number => run.calls.filter((call) => call === command).length;
const workers = (gb: number, count = 2): Record<string, number> => Object.fromEntries(Array.from({ length: count }, (_, at) => [`prod-worker-${at + 1}`, gb]));
const controlPlanes = (gb: number): Record<string, number> => ({ "prod-control-1": gb, "prod-control-2": gb, "prod-control-3": gb });

test("workers that exist are grown one at a time, each off and drained meanwhile; then nothing is left to do", async () => {
  const life = new Life(made);
  expect(await life.plan(sized({ workers: 40 }))).toContain("grow the root disk of prod-worker-1 to 40 GB (it has 20 GB; the file system grows as it boots)");
  await life.up(sized({ workers: 40 }));
  expect(await disks(life)).toEqual({ ...controlPlanes(10), ...workers(40) });
  const turn = ["stopVirtualMachine", "resizeVolume", "startVirtualMachine"];
  expect(life.run.calls.filter((call) => turn.includes(call))).toEqual([...turn, ...turn]);
  expect(await life.plan()).toEqual([]);
});

test("control planes that were made of the template's size are grown in turns", async () => {
  const life = new Life(made);
  await life.up(sized({ workers: 20, controlPlane: 30 }));
  expect(await disks(life)).toEqual({ ...controlPlanes(30), ...workers(20) });
  expect(await life.plan()).toEqual([]);
});

test("with another offering and a reboot at the same time each machine is off once", async () => {
  const life = new Life(made);
  const next = sized({ workers: 40 }, { nodes: { "prod-worker-1": { offering: "k8s-4c-8g", reboot: "kernel" } } });
  await life.up(next);
  expect([count(life, "stopVirtualMachine"), count(life, "rebootVirtualMachine")]).toEqual([2, 0]);
  expect(await life.plan()).toEqual([]);
});

test("new workers are made with it, and only those that exist are grown", async () => {
  const life = new Life(made);
  await life.up(sized({ workers: 40 }, { count: 3 }));
  expect(await disks(life)).toEqual({ ...controlPlanes(10), ...workers(40, 3) });
  expect(count(life, "resizeVolume")).toBe(2);
});

test("while it is stopped every disk is grown at once, and no machine is started for it", async () => {
  const life = new Life(made);
  const stopped = { powerState: "stopped" };
  await life.up(sized({ workers: 20 }, stopped));
  await life.up(sized({ workers: 40 }, stopped));
  expect(await disks(life)).toEqual({ ...controlPlanes(10), ...workers(40) });
  expect(count(life, "startVirtualMachine")).toBe(0);
});

test("a smaller one is refused before anything is done, naming both sizes; taking it out of the program changes nothing", async () => {
  const life = new Life(made);
  await expect(life.plan(sized({ workers: 15 }))).rejects.toThrow(/workers\.rootDiskGb: is 15 GB, and prod-worker-1 has 20 GB: a disk can grow, not shrink\. Declare at least 20/);
  await expect(life.up(sized({ workers: 15 }))).rejects.toThrow(/workers\.rootDiskGb/);
  expect(life.run.calls).not.toContain("stopVirtualMachine");
  expect(await life.plan(sized({}))).toEqual([]);
});

test("a disk that somebody made larger stays so, and stands in nobody's way", async () => {
  const life = new Life(made);
  const mold = byHand(life.cloud);
  const volume = (await life.cloud.clock.run(mold.list("listVolumes", {}))).find(({ vmname }) => vmname === "prod-worker-2")!;
  await life.cloud.clock.run(mold.run("resizeVolume", { id: volume.id!, size: 60 }));
  expect(await life.plan()).toEqual([]);
  await life.up(sized({ workers: 40 }));
  expect(await disks(life)).toEqual({ ...controlPlanes(10), "prod-worker-1": 40, "prod-worker-2": 60 });
});

test("a look at a cluster that declares no size asks for no volumes; at one that does, once for all machines", async () => {
  const life = new Life(made);
  const volumesAsked = async (declared: Record<string, unknown>): Promise<number> => {
    await life.up(declared);
    return count(life, "listVolumes");
  };
  expect(await volumesAsked(sized({}))).toBe(0);
  expect(await volumesAsked(sized({ workers: 20 }))).toBe(1);
});

describe("sizes that can't be are refused at check, by name", () => {
  const failuresOf = async (life: Life, declared: Record<string, unknown>): Promise<readonly unknown[]> =>
    (await life.cloud.clock.run(clusterIdentity.check(life.cloud.newRun().session, undefined, { ...declared, declaredBy } as unknown as IdentityInputs))).failures;

  test("smaller than the template", async () => {
    expect(await failuresOf(new Life(made), sized({ workers: 5 }))).toEqual([{ property: "workers.rootDiskGb", reason: expect.stringMatching(/is 5, and template debian-13-containerd has 10 GB.*at least 10/) as unknown }]);
  });

  test("another than the offering fixes", async () => {
    const life = new Life(made);
    await life.cloud.clock.run(byHand(life.cloud).call("createServiceOffering", { name: "fixed", displaytext: "fixed", cpunumber: 2, cpuspeed: 2000, memory: 4096, rootdisksize: 25 }));
    const declared = { ...sized({}), workers: { count: 2, offering: "fixed", rootDiskGb: 40 } };
    expect(await failuresOf(life, declared)).toEqual([{ property: "workers.rootDiskGb", reason: expect.stringMatching(/40 GB are declared for root disks, and offering fixed fixes them at 25/) as unknown }]);
  });
});

test("what Mold refuses names the disk, the property and Mold's words; the machine is started again by the next run", async () => {
  const life = new Life(made);
  life.cloud.emulator.faults.order({ kind: "jobFails", command: "resizeVolume", text: "the storage pool has no room" });
  await expect(life.up(sized({ workers: 40 }))).rejects.toThrow(/root disk of prod-worker-1.*the storage pool has no room/s);
  await life.up(sized({ workers: 40 }));
  expect(await disks(life)).toEqual({ ...controlPlanes(10), ...workers(40) });
  expect(await life.plan()).toEqual([]);
});
