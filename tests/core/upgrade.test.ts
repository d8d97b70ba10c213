/** Another version: every minor on the way, control planes one at a time, then workers; nothing is skipped and nothing is away for longer than it has to be. */
import { declaration, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { MadeCluster } from "./world/made";
import { budget, deployment, podsOf } from "./world/workloads";
import { violations } from "./sweeps/sweep";

const at = (version: string, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 3, version, ...more });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(at("1.34"));
});
afterAll(() => made.close());

const versions = async (life: Life): Promise<string[]> => (await life.cloud.clock.run((await life.kubernetes()).nodes())).map(({ version }) => version);

test("two minors away is two hops: every node is at the newest patch of the target, and nothing is left to do", async () => {
  const life = new Life(made);
  await deployment(life, "web", 3);
  await budget(life, "web", 2);
  await life.up(at("1.36"));
  expect(await versions(life)).toEqual(Array(6).fill("1.36.3"));
  expect(life.outputs.kubernetesVersion).toBe("1.36.3");
  expect(life.outputs.nodes.map(({ version }) => version)).toEqual(Array(6).fill("1.36.3"));
  expect(await life.plan()).toEqual([]);
  expect(violations(life.cloud)).toEqual([]);
  expect(await podsOf(life, "web")).toHaveLength(3);
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.filter(({ ready, unschedulable }) => ready && !unschedulable)).toHaveLength(6);
  console.log(life.cloud.clock.now(), life.run.lines.filter((l)=>l.startsWith("info")).join("\n"));
});
