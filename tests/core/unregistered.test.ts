/** An account that may not write the cluster's record in Mold: the cluster does without its entry there. */
import { Cloud } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand } from "./world/made";

jest.setTimeout(60_000);
beforeAll(sharedIdentity);

const small = (more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 1, workers: 1, version: "1.34", ...more });
const records = (cloud: Cloud): Promise<unknown[]> => cloud.clock.run(byHand(cloud, "user").list("listKubernetesClusters", {}));
const warned = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith("warn") && line.includes("screens"));

test("the permission that is missing is named, in the preview and once by a run; the cluster is made, changed and unmade all the same", async () => {
  const cloud = new Cloud({ withheldFromUsers: ["createKubernetesCluster"] });
  const engine = new Engine(small());
  const run = cloud.newRun({ user: "user" });
  await cloud.clock.run(engine.up(run));
  expect(engine.cluster.state).toBe("Running");
  expect(await records(cloud)).toEqual([]);
  expect(warned(run.lines)).toEqual([expect.stringContaining("may not call createKubernetesCluster. The cluster itself does not need that. Allow it to the role") as string]);

  const again = cloud.newRun({ user: "user" });
  expect(await cloud.clock.run(engine.plan(again))).toEqual([expect.stringMatching(/^Mold's screens do not show prod as it is: the role of this account may not call createKubernetesCluster/)]);
  expect(again.calls.filter((call) => call === "createKubernetesCluster")).toEqual([]);
  await cloud.clock.run(engine.declare(small({ tags: { team: "payments" }, comments: ["ask Min"] })).up(cloud.newRun({ user: "user" })));
  expect(await cloud.clock.run(engine.plan(cloud.newRun({ user: "user" })))).toEqual([expect.stringMatching(/and the comments on it$/)]);
  await cloud.clock.run(engine.destroy(cloud.newRun({ user: "user" })));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("once the role has it, the next run writes the entry", async () => {
  const withheld = ["addVirtualMachinesToKubernetesCluster"];
  const cloud = new Cloud({ withheldFromUsers: withheld });
  const engine = new Engine(small());
  await cloud.clock.run(engine.up(cloud.newRun({ user: "user" })));
  expect(await records(cloud)).toEqual([]);
  withheld.pop();
  await cloud.clock.run(engine.up(cloud.newRun({ user: "user" })));
  expect(await records(cloud)).toMatchObject([{ controlnodes: 1, size: 1 }]);
  expect(await cloud.clock.run(engine.plan(cloud.newRun({ user: "user" })))).toEqual([]);
});

test("one whose entry is as it should be is not asked what it may do", async () => {
  const cloud = new Cloud();
  const engine = new Engine(small());
  await cloud.clock.run(engine.up(cloud.newRun({ user: "user" })));
  const run = cloud.newRun({ user: "user" });
  await cloud.clock.run(engine.plan(run));
  expect(run.calls).not.toContain("listApis");
});
