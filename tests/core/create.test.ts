import { cluster } from "../../provider/handlers/cluster";
import { Cloud } from "./world/cloud";
import { clusterInputs, create, declaration, destroy, sharedIdentity, type Recorded } from "./world/cluster";

beforeAll(sharedIdentity);

test("from nothing to six Ready nodes; run again there is nothing to do; and back to nothing", async () => {
  const cloud = new Cloud();
  const recorded: Recorded = {};
  const declared = declaration();
  const { cluster: made, endpoint } = await cloud.clock.run(create(cloud.newRun(), recorded, declared));
  expect(made.outputs.nodes.map(({ name, state, version }) => `${name} ${state} ${version}`)).toEqual([
    "prod-control-1 Running 1.35.4",
    "prod-control-2 Running 1.35.4",
    "prod-control-3 Running 1.35.4",
    "prod-worker-1 Running 1.35.4",
    "prod-worker-2 Running 1.35.4",
    "prod-worker-3 Running 1.35.4",
  ]);

  const again = cloud.newRun();
  const inputs = await clusterInputs(declared, endpoint.outputs);
  const before = cloud.emulator.calls().length;
  const diff = await cloud.clock.run(cluster.diff(again.session, made.id, { inputs, outputs: made.outputs }, inputs));
  expect(diff).toEqual({ changes: false, replaces: [], plan: [] });
  expect(cloud.emulator.calls(before).filter(({ changing }) => changing)).toEqual([]);
  const ofKubernetes = again.calls.filter((call) => call.startsWith("kubernetes "));
  expect(ofKubernetes).toEqual(["kubernetes GET /api/v1/nodes"]);
  expect(again.calls.length - ofKubernetes.length).toBeLessThanOrEqual(9);

  await cloud.clock.run(destroy(cloud.newRun(), recorded, declared));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("more workers: the new ones join, nothing else is touched", async () => {
  const cloud = new Cloud();
  const recorded: Recorded = {};
  const { cluster: made, endpoint } = await cloud.clock.run(create(cloud.newRun(), recorded, declaration({ workers: 1 })));
  const olds = { inputs: await clusterInputs(declaration({ workers: 1 }), endpoint.outputs), outputs: made.outputs };
  const news = await clusterInputs(declaration({ workers: 3 }), endpoint.outputs);
  const run = cloud.newRun();
  const diff = await cloud.clock.run(cluster.diff(run.session, made.id, olds, news));
  expect(diff.plan).toContain("deploy prod-worker-3");
  const { outputs } = await cloud.clock.run(cluster.update(run.session, made.id, olds, news));
  expect(outputs.nodes.map(({ name }) => name)).toEqual(["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2", "prod-worker-3"]);
  expect(outputs.clusterId).toBe(made.outputs.clusterId);
});
