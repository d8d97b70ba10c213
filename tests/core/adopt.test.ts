/** A cluster of the core that another program has declared: taken over with its identity, as it is, and left alone by a destroy there. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { loadBalancer, type LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { createPlan } from "../../provider/handlers/create-plan";
import { parseIdentity } from "../../provider/kubernetes/identity-text";
import { identityText } from "../../provider/kubernetes/kubeconfig";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import { checkInputs } from "../../schema/check";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import { Cloud } from "./world/cloud";
import { declaration, declaredBy, owner, sharedIdentity, type Recorded } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, changing, MadeCluster, seen } from "./world/made";

jest.setTimeout(120_000);

const former = "pulumi:organization/project/former";
const small = (more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 1, workers: 1, ...more });

let identity: ClusterIdentityOutputs;
beforeAll(async () => {
  identity = await sharedIdentity();
});

async function theirs(cloud: Cloud, declared = small()): Promise<Engine> {
  const engine = new Engine(declared, former);
  await cloud.clock.run(engine.up(cloud.newRun()));
  return engine;
}
const ours = (declared: Record<string, unknown> = small({ adopt: true })): Engine => new Engine(declared);
const up = (cloud: Cloud, engine: Engine): Promise<void> => cloud.clock.run(engine.up(cloud.newRun()));
const owners = (cloud: Cloud): string[] => [...new Set((seen(cloud).tags ?? []).flatMap(({ key, value }) => (key === "ablestack-owner" ? [String(value)] : [])))];
const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "no failure", (error: unknown) => (error as Error).message);
const made = async (cloud: Cloud, declared: Record<string, unknown>, adoptIdentity?: string): Promise<ClusterIdentityOutputs> => {
  const { inputs } = checkInputs("KubernetesCluster", { ...declared, adoptIdentity });
  return (await cloud.clock.run(clusterIdentity.create(cloud.newRun().session, { ...inputs, declaredBy } as IdentityInputs))).outputs;
};

test("it becomes ours as it is, then there is nothing to do; a destroy where it was before leaves it, ours takes all of it along", async () => {
  const cloud = new Cloud();
  const before = await theirs(cloud);
  const then = seen(cloud);
  const engine = ours();
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(new Set(changing(run))).toEqual(new Set(["createTags", "deleteTags"]));
  for (const table of ["networks", "addresses", "machines", "firewallRules", "balancers", "clusters", "affinityGroups"]) expect([table, seen(cloud)[table]]).toEqual([table, then[table]]);
  expect(owners(cloud)).toEqual([owner]);
  expect(engine.cluster.nodes).toEqual(before.cluster.nodes);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  const again = cloud.newRun();
  await cloud.clock.run(engine.up(again));
  expect(changing(again)).toEqual([]);

  const destroyed = cloud.newRun();
  await cloud.clock.run(before.destroy(destroyed));
  expect(changing(destroyed)).toEqual([]);
  expect(destroyed.lines.join("\n")).toContain(`${owner} has taken it over, and declares it now: nothing of it is deleted here`);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("what is declared otherwise is changed by none but the next run, which says so before", async () => {
  const cloud = new Cloud();
  await theirs(cloud);
  const engine = ours(small({ adopt: true, workers: 2 }));
  await up(cloud, engine);
  expect(engine.cluster.size).toBe(1);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toContainEqual("deploy prod-worker-2");
  await up(cloud, engine);
  expect(engine.cluster.size).toBe(2);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
});

test("one on a network of the user's, whose name has to be declared", async () => {
  const cloud = new Cloud();
  const mold = byHand(cloud);
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const [offering] = await cloud.clock.run(mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" }));
  await cloud.clock.run(mold.call("createNetwork", { name: "apps", displaytext: "apps", zoneid: zone!.id!, networkofferingid: offering!.id! }));
  const before = await theirs(cloud, small({ network: "apps" }));
  expect(await failureOf(up(cloud, ours()))).toMatch(/the cluster is on the network apps, which is not its own\. Declare that one/);
  const engine = ours(small({ adopt: true, network: "apps" }));
  await up(cloud, engine);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(before.destroy(cloud.newRun()));
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect((seen(cloud).networks ?? []).map(({ name }) => name)).toEqual(["apps"]);
});

test("killed at any call on the way, the next run has it", async () => {
  const probe = new Cloud();
  await theirs(probe);
  const run = probe.newRun();
  await probe.clock.run(ours().up(run));
  for (let call = 1; call <= run.calls.length; call += 3) {
    const cloud = new Cloud();
    await theirs(cloud);
    const engine = ours();
    const killed = cloud.newRun({ killAt: { call, when: "after" } });
    await cloud.clock.run(engine.up(killed)).catch(() => undefined);
    cloud.ended.add(killed.name);
    await up(cloud, engine);
    expect([call, owners(cloud)]).toEqual([call, [owner]]);
    expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  }
});

test.each([["where it was declared before first", true], ["where it was to be declared first", false]] as const)("killed at any call on the way, and then destroyed by both, %s: nothing is left", async (_, isFormerFirst) => {
  const before = new Engine(small(), former);
  const made = await MadeCluster.make(small(), {
    as: async (cloud) => {
      await up(cloud, before);
      return before.recorded as Required<Recorded>;
    },
  });
  const probe = made.open();
  const probed = probe.cloud.newRun();
  await probe.cloud.clock.run(ours().up(probed));
  const wrong: string[] = [];
  for (const [at, command] of probed.calls.entries()) {
    if (/^(list|query|get|kubernetes GET)/.test(command)) continue;
    const { cloud, recorded } = made.open();
    const theirEngine = new Engine(small(), former);
    Object.assign(theirEngine.recorded, recorded);
    const killed = cloud.newRun({ killAt: { call: at + 1, when: "after" } });
    const ourEngine = ours();
    await cloud.clock.run(ourEngine.up(killed)).catch(() => undefined);
    cloud.ended.add(killed.name);
    await cloud.clock.pass(3000);
    const theirs = async (): Promise<void> => cloud.clock.run(theirEngine.destroy(cloud.newRun()));
    const ourOwn = async (): Promise<void> => {
      const run = cloud.newRun();
      await cloud.clock.run(ourEngine.destroy(run));
      const { inputs } = checkInputs("KubernetesCluster", small({ adopt: true }));
      await cloud.clock.run(clusterIdentity.delete(run.session, "id", { inputs: { ...inputs, declaredBy } as IdentityInputs, outputs: identity }));
    };
    const failed = await (isFormerFirst ? theirs().then(ourOwn) : ourOwn().then(theirs)).then(() => "", (error: Error) => error.message);
    const left = [...(seen(cloud).machines ?? []), ...(seen(cloud).networks ?? [])].map(({ name }) => String(name));
    if (failed !== "" || left.length > 0) wrong.push(`call ${at + 1} (${command}): ${failed} ${left.join()}`);
  }
  made.close();
  expect(wrong).toEqual([]);
}, 240_000);

test("rules of the former program stay its own until they are taken over by themselves", async () => {
  const cloud = new Cloud();
  await theirs(cloud);
  const balancer = (by: string, adopt: boolean): LoadBalancerResourceInputs =>
    ({ ...checkInputs("LoadBalancer", { cluster: identity.uid, name: "web", publicPort: 80, privatePort: 30080, members: { role: "worker" }, adopt }).inputs, declaredBy: { owner: by, resource: "web" } }) as LoadBalancerResourceInputs;
  await cloud.clock.run(loadBalancer.create(cloud.newRun().session, balancer(former, false)));
  await up(cloud, ours());
  expect(new Set(owners(cloud))).toEqual(new Set([owner, former]));
  await cloud.clock.run(loadBalancer.create(cloud.newRun().session, balancer(owner, true)));
  expect(owners(cloud)).toEqual([owner]);
});

describe("the identity", () => {
  test("is handed over as one text, and is the same there", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    const text = identityText({ ...identity, userCertificates: ["a certificate"], userKey: "a key" } as ClusterIdentityOutputs);
    expect(await made(cloud, small({ adopt: true }), text)).toEqual({ ...identity, userCertificates: ["a certificate"], userKey: "a key" });
    expect(identityText({ ...identity, caKey: "" })).toBe("");
  });

  test("of one that was made before kubeconfigs had certificates of their own gets these", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    const { userCertificates, userKey } = await made(cloud, small({ adopt: true }), identityText(identity));
    expect(userCertificates!.length).toBeGreaterThan(1);
    expect(userKey).toContain("PRIVATE KEY");
  });

  const check = async (cloud: Cloud, adoptIdentity?: string): Promise<readonly { property: string; reason: string }[]> =>
    (await cloud.clock.run(clusterIdentity.check(cloud.newRun().session, undefined, { ...small({ adopt: true }), ...(adoptIdentity === undefined ? {} : { adoptIdentity }), declaredBy } as unknown as IdentityInputs))).failures;

  test("is asked for in the preview, and judged there without a word of it", async () => {
    const cloud = new Cloud();
    expect(await check(cloud)).toEqual([{ property: "adoptIdentity", reason: expect.stringContaining("exportedIdentity") as string }]);
    expect(await check(cloud, identityText(identity))).toEqual([]);
    const other = await createClusterCertificates({ uid: "k3x9abcdef01", now: Date.parse("2026-01-01T00:00:00Z") });
    for (const wrong of ["hush-hush", "null", "{}", JSON.stringify({ ...identity, uid: "HUSH-HUSH" }), JSON.stringify({ ...identity, caKey: other.caKey }), JSON.stringify({ ...identity, serviceAccountKey: other.serviceAccountKey })]) {
      const [failure] = await check(cloud, wrong);
      expect(failure?.property).toBe("adoptIdentity");
      expect(failure?.reason).not.toMatch(/hush|PRIVATE/i);
    }
    expect(parseIdentity(JSON.stringify({ ...identity, caKey: other.caKey }))).toBe("has a key that does not belong to caCertificate, or one of the two is damaged");
  });

  test("of another cluster is refused: by its uid, or by who answers", async () => {
    const cloud = new Cloud();
    expect(await failureOf(made(cloud, small({ adopt: true }), identityText(identity)))).toMatch(/there is no cluster prod of that identity \(uid k3x9abcdef01\)/);
    await theirs(cloud);
    const other = await createClusterCertificates({ uid: identity.uid, now: Date.parse("2026-01-01T00:00:00Z") });
    const engine = new Engine(small({ adopt: true }), undefined, { uid: identity.uid, ...other });
    expect(await failureOf(up(cloud, engine))).toMatch(/is not of that identity/);
  });
});

test("the preview of it says what is marked, and that nothing else is changed", () => {
  expect(createPlan(small({ adopt: true, adoptIdentity: "x" }))).toEqual([expect.stringMatching(/^take over the cluster prod that another program has declared: .*change nothing else of it$/)]);
});
