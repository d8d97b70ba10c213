/** A run that has lost its lock does nothing more: another may be at work by now, and what both take away together may be too much. */
import { tagKeys } from "../../provider/core/ownership";
import { managed, managedIdentity } from "./managed/managed";
import { Cloud } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { Life } from "./world/life";
import { byHand, changing, MadeCluster, seen } from "./world/made";
import { budget, deployment } from "./world/workloads";

beforeAll(sharedIdentity);

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);

/** Another run has taken it over, as one does that holds the first for dead. */
async function takeLock(cloud: Cloud): Promise<void> {
  const mold = byHand(cloud);
  const [network] = (await cloud.clock.run(mold.list("listNetworks", {}))).filter(({ tags = [] }) => tags.some(({ key }) => key === tagKeys.lock));
  const subject = { resourcetype: "Network", resourceids: [network!.id!] };
  await cloud.clock.run(mold.run("deleteTags", { ...subject, tags: [{ key: tagKeys.lock }] }));
  await cloud.clock.run(mold.run("createTags", { ...subject, tags: [{ key: tagKeys.lock, value: `another:${Math.ceil(cloud.clock.now() / 1000) + 3600}` }] }));
}

/** By then it has noticed. */
const noticedMs = 120_000;

test("a step that is under way ends, too: a drain asks no pod to go any more", async () => {
  const made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
  const life = new Life(made);
  await deployment(life, "web", 2);
  await budget(life, "web", 2);
  const failure = failureOf(life.up(declaration({ controlPlanes: 1, workers: 1 })));
  await life.cloud.clock.pass(60_000);
  expect(life.run.calls.filter((call) => call.includes("eviction"))).not.toEqual([]);
  await takeLock(life.cloud);
  await life.cloud.clock.pass(noticedMs);
  const asked = life.run.calls.length;
  await life.cloud.clock.pass(300_000);
  expect(life.run.calls.slice(asked)).toEqual([]);
  expect((await life.cloud.clock.run(failure))?.message).toContain("this run lost its lock to run another");
  made.close();
});

test("a create that has lost it does not delete what it has made, as failedCreate says: another run may go on with that", async () => {
  const cloud = new Cloud();
  const engine = new Engine(managed({ failedCreate: "remove", timeouts: { create: 1200 } }), undefined, managedIdentity);
  await cloud.clock.run(engine.upEndpoint(cloud.newRun()));
  cloud.emulator.faults.order({ kind: "serviceHangs", command: "createKubernetesCluster", name: "prod-*", ms: 400_000 });
  cloud.emulator.faults.order({ kind: "serviceFails", command: "createKubernetesCluster", name: "prod-*", text: "no room" });
  const run = cloud.newRun();
  const failure = failureOf(engine.upCluster(run));
  await cloud.clock.pass(20_000);
  await takeLock(cloud);
  await cloud.clock.pass(600_000);
  expect((await cloud.clock.run(failure))?.message).toContain("this run lost its lock to run another");
  expect(changing(run)).not.toContain("deleteKubernetesCluster");
  expect((seen(cloud).clusters ?? []).length).toBe(1);
});
