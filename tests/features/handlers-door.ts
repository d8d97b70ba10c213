/** Handlers called directly, as an engine does; the way in is what a Pulumi program gets. */
import { clusterAccess, type AccessInputs } from "../../provider/handlers/cluster-access";
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { readers } from "../../provider/handlers/data-sources";
import { checkInputs } from "../../schema/check";
import { secretProperties } from "../../schema/secrets";
import { KubernetesCluster, type KubernetesClusterArgs } from "../../sdk/pulumi";
import { declaredBy, owner, sharedIdentity } from "../core/world/cluster";
import { Engine } from "../core/world/engine";
import { Life } from "../core/world/life";
import { MadeCluster } from "../core/world/made";
import { runProgram, valueOf } from "../pulumi/world/program";
import type { Door } from "./door";

async function access(life: Life): Promise<Record<string, unknown>> {
  const { uid, networkId, name } = life.outputs;
  const inputs = { uid, name, networkId, networkOwned: life.endpoint.networkOwned, management: "mold", declaredBy } as unknown as AccessInputs;
  return { ...(await life.cloud.clock.run(clusterAccess.create(life.cloud.newRun().session, inputs))).outputs };
}

export const handlersDoor: Door = {
  owner,
  async make(declared, prepare) {
    const made = await MadeCluster.make(declared, prepare ? { prepare } : {});
    return { open: () => new Life(made), close: () => made.close() };
  },
  async adopt(cloud, declared) {
    const { inputs } = checkInputs("KubernetesCluster", declared);
    const { outputs: identity } = await cloud.clock.run(clusterIdentity.create(cloud.newRun().session, { ...inputs, declaredBy }));
    const { userCertificates: _certificates, userKey: _key, ...ofMachines } = identity;
    const { adoptIdentity: _identity, ...cluster } = declared;
    const engine = new Engine(cluster, owner, ofMachines);
    await cloud.clock.run(engine.up(cloud.newRun()));
    return { outputs: engine.cluster, plan: () => cloud.clock.run(engine.plan(cloud.newRun())) };
  },
  check: (cloud, declared) => cloud.clock.run(clusterIdentity.check(cloud.newRun().session, undefined, { ...declared, declaredBy } as unknown as IdentityInputs)),
  read: (cloud, name, given) => cloud.clock.run(readers[name](cloud.newRun().session, given)),
  up: ({ cloud }, rule) => cloud.clock.run(rule.up(cloud.newRun())),
  isAsDeclared: async ({ cloud }, rule) => !(await cloud.clock.run(rule.diff(cloud.newRun()))).changes,
  destroy: ({ cloud }, rule) => cloud.clock.run(rule.destroy(cloud.newRun())),
  async wayIn(life, on) {
    const outputs = { ClusterIdentity: { ...(await sharedIdentity()) }, ClusterEndpoint: { ...life.endpoint }, Cluster: { ...life.outputs }, ...(on === "mold" ? { ClusterAccess: await access(life) } : {}) };
    const program = (): KubernetesCluster => new KubernetesCluster("prod", life.declaration as unknown as KubernetesClusterArgs);
    const { result, registered } = await runProgram(program, { outputs });
    const kubeconfig = await valueOf(result.kubeconfig);
    // Of what a handler gives out the engine makes secrets itself.
    const isSecretOutput = registered.some(({ name, additionalSecretOutputs }) => name === "prod-access" && additionalSecretOutputs.includes("kubeconfig"));
    const ahead = await valueOf((await runProgram(program, { preview: true, unknown: ["Cluster"], outputs })).result.kubeconfig);
    return { kubeconfig: kubeconfig.value!, endpoint: (await valueOf(result.endpoint)).value!, isSecret: kubeconfig.secret || isSecretOutput, isKnownAhead: ahead.known };
  },
  isSecretInput: async (_cloud, property) => secretProperties("KubernetesCluster").inputs.includes(property),
  inWords: (text) => text,
};
