/**
 * What a preview says of a cluster, whatever is declared of it that is right: in words, with no stand-in for a value, and a refusal names the
 * property. Of one that is there, each of its properties is changed; of one that is to be made, the same declaration is.
 */
import { handlerOf } from "../../provider/adapters/pulumi-dynamic/kinds";
import { Provider } from "../../provider/adapters/pulumi-dynamic/provider";
import { toRecord } from "../../provider/adapters/pulumi-dynamic/recorded";
import { ClusterError } from "../../provider/core/errors";
import { createPlan } from "../../provider/handlers/create-plan";
import { checkInputs } from "../../schema/check";
import { resources } from "../../schema/resources";
import { managed, managedIdentity } from "../core/managed/managed";
import { declaration, declaredBy, sharedIdentity } from "../core/world/cluster";
import { changing, MadeCluster } from "../core/world/made";
import { standIn } from "./world/previewed";
import { eachUnknown as eachPart } from "./world/unknown-parts";

jest.setTimeout(240_000);

/** What some property or other takes. */
const values: readonly unknown[] = [
  null, "", "프로덕션 🚀", "3", "true", "x".repeat(200), 1, 5, 40, [], {}, ["10.0.0.0/8"], { team: "" }, "stopped", "none", "1.36", "k8s-8c-16g",
  { "prod-worker-1": { reboot: "커널", offering: "k8s-8c-16g" } }, { "prod-worker-2": { delete: true } }, { "prod-control-1": { replace: "disk" } }, { maxSurge: 1 }, { strategy: "replace" }, { url: "registry" }, { min: 1, max: 3 },
];

test.each([
  ["the core's", declaration({ controlPlanes: 3, workers: 2 }), sharedIdentity],
  ["Mold's", managed(), async () => managedIdentity],
])("a cluster of %s", async (_whose, declared, identityOf) => {
  await sharedIdentity();
  const made = await MadeCluster.make(declared);
  const { cloud, recorded } = made.open();
  const known = { ...declared, identity: await identityOf(), endpoint: recorded.endpoint.outputs };
  const state = toRecord({ ...checkInputs("Cluster", known).inputs, declaredBy }, recorded.cluster.outputs);
  const { identity: _identity, endpoint: _endpoint, ...properties } = resources.Cluster.inputs;
  const wrong: string[] = [];
  const said = new Set<string>();
  for (const value of values) {
    for (const { path, value: news } of eachPart(properties, known, value)) {
      const run = cloud.newRun();
      const texts: string[] = [];
      const provider = new Provider(run.session, (line) => texts.push(line));
      try {
        const { inputs, failures } = await cloud.clock.run(provider.check(handlerOf("Cluster"), {}, { ...news, declaredBy }));
        if (failures.length > 0) continue;
        const { identity: _its, endpoint: _place, declaredBy: _by, ...declaration } = inputs;
        texts.push(...createPlan(declaration));
        await cloud.clock.run(provider.diff(handlerOf("Cluster"), recorded.cluster.id, state, inputs));
      } catch (error) {
        texts.push((error as Error).message);
        if (!(error instanceof ClusterError && /^KubernetesCluster prod: \w/.test(error.message))) wrong.push(`${path} as ${JSON.stringify(value)}: ${String(error)}`);
      }
      for (const text of texts) {
        said.add(text);
        if (standIn.test(text)) wrong.push(`${path} as ${JSON.stringify(value)}: says ${text}`);
      }
      if (changing(run).length > 0) wrong.push(`${path}: the preview changed something`);
    }
  }
  made.close();
  expect(wrong).toEqual([]);
  expect(said.size).toBeGreaterThan(50);
});
