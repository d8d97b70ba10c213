import { cluster } from "../../provider/handlers/cluster";
import { Cloud } from "./world/cloud";
import { clusterInputs, create, declaration, destroy, sharedIdentity, type Recorded } from "./world/cluster";

beforeAll(sharedIdentity);

test("from nothing to six Ready nodes, and back to nothing", async () => {
  const cloud = new Cloud();
  const recorded: Recorded = {};
  const declared = declaration();
  const run = cloud.newRun();
  const since = cloud.clock.now();
  const { cluster: made } = await cloud.clock.run(create(run, recorded, declared)).catch((error: unknown) => {
    console.log(run.lines.slice(-60).join("\n"));
    throw error;
  });
  console.log(run.calls.length, (cloud.clock.now() - since) / 1000, run.lines.filter((line) => !line.startsWith("debug")).join("\n"));
  expect(made.outputs.nodes.map(({ name, state, version }) => `${name} ${state} ${version}`)).toEqual([
    "prod-control-1 Running 1.35.4",
    "prod-control-2 Running 1.35.4",
    "prod-control-3 Running 1.35.4",
    "prod-worker-1 Running 1.35.4",
    "prod-worker-2 Running 1.35.4",
    "prod-worker-3 Running 1.35.4",
  ]);

  const again = cloud.newRun();
  const diff = await cloud.clock.run(cluster.diff(again.session, made.id, { inputs: await clusterInputs(declared, recorded.endpoint!.outputs), outputs: made.outputs }, await clusterInputs(declared, recorded.endpoint!.outputs)));
  console.log(again.calls);
  expect(diff).toEqual({ changes: false, replaces: [], plan: [] });

  await cloud.clock.run(destroy(cloud.newRun(), recorded, declared));
  expect(cloud.emulator.isEmpty()).toBe(true);
});
