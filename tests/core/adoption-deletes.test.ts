/** Promise 4 where clusters pass from one program to another: whoever has none of it, or no longer, deletes nothing of it. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { checkInputs } from "../../schema/check";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import { managed, managedIdentity } from "./managed/managed";
import { Cloud } from "./world/cloud";
import { declaration, declaredBy, owner, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, changing, seen } from "./world/made";

jest.setTimeout(120_000);

const former = "pulumi:organization/project/former";
const third = "pulumi:organization/project/third";

let identity: ClusterIdentityOutputs;
beforeAll(async () => {
  identity = await sharedIdentity();
});

const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "no failure", (error: unknown) => (error as Error).message);

async function network(cloud: Cloud, name: string): Promise<void> {
  const mold = byHand(cloud);
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const [offering] = await cloud.clock.run(mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" }));
  await cloud.clock.run(mold.call("createNetwork", { name, displaytext: name, zoneid: zone!.id!, networkofferingid: offering!.id! }));
}

interface Case {
  readonly declared: (more?: object) => Record<string, unknown>;
  readonly identity: () => ClusterIdentityOutputs;
}
const cases: Record<string, Case> = {
  "the core runs, on its own network": { declared: (more) => declaration({ controlPlanes: 1, workers: 1, ...more }), identity: () => identity },
  "the core runs, on a network of the user's": { declared: (more) => declaration({ controlPlanes: 1, workers: 1, network: "apps", ...more }), identity: () => identity },
  "Mold runs, on its own network": { declared: (more) => managed({ workers: 1, ...more }), identity: () => managedIdentity },
  "Mold runs, on a network of the user's": { declared: (more) => managed({ workers: 1, network: "apps", ...more }), identity: () => managedIdentity },
};

describe.each(Object.entries(cases))("a cluster that %s", (_which, { declared, identity: keys }) => {
  const engineOf = (by: string, more: object = {}): Engine => new Engine(declared(more), by, keys());
  const up = (cloud: Cloud, engine: Engine): Promise<void> => cloud.clock.run(engine.up(cloud.newRun()));
  /** What the parts of a state delete, one after another: the identity's too, which looks for what no state knows of. */
  async function destroyed(cloud: Cloud, engine: Engine, by: string, more: object = {}): Promise<string[]> {
    const run = cloud.newRun();
    await cloud.clock.run(engine.destroy(run));
    const { inputs } = checkInputs("KubernetesCluster", declared(more));
    await cloud.clock.run(clusterIdentity.delete(run.session, "id", { inputs: { ...inputs, declaredBy: { ...declaredBy, owner: by } } as IdentityInputs, outputs: keys() }));
    return changing(run);
  }
  async function made(): Promise<{ cloud: Cloud; first: Engine }> {
    const cloud = new Cloud();
    await network(cloud, "apps");
    const first = engineOf(former);
    await up(cloud, first);
    return { cloud, first };
  }

  test("taken over by one program after another is deleted by the last one alone", async () => {
    const { cloud, first } = await made();
    const second = engineOf(owner, { adopt: true });
    await up(cloud, second);
    const last = engineOf(third, { adopt: true });
    await up(cloud, last);
    const before = cloud.state();
    expect(await destroyed(cloud, first, former)).toEqual([]);
    expect(await destroyed(cloud, second, owner, { adopt: true })).toEqual([]);
    expect(cloud.state()).toBe(before);
    expect(await cloud.clock.run(last.plan(cloud.newRun()))).toEqual([]);
    await cloud.clock.run(last.destroy(cloud.newRun()));
    expect((seen(cloud).machines ?? []).length).toBe(0);
    expect((seen(cloud).networks ?? []).map(({ name }) => name)).toEqual(["apps"]);
    expect(seen(cloud).tags ?? []).toEqual([]);
  });

  test("taken over is no longer changed where it was declared before, whatever is declared there", async () => {
    const { cloud, first } = await made();
    const taker = engineOf(owner, { adopt: true });
    await up(cloud, taker);
    await up(cloud, taker.declare(declared({ adopt: true, workers: 2 })));
    const run = cloud.newRun();
    const text = `adopt: ${owner} has taken it over, and declares it now: nothing of it is changed here`;
    expect(await failureOf(cloud.clock.run(first.plan(run)))).toContain(text);
    first.declare(declared({ comments: ["ours"] }));
    expect(await failureOf(cloud.clock.run(first.upCluster(run)))).toContain(text);
    expect(changing(run)).toEqual([]);
    expect(await cloud.clock.run(taker.plan(cloud.newRun()))).toEqual([]);
  });

  test("taken over, and back again, is deleted by whoever has it", async () => {
    const { cloud } = await made();
    const second = engineOf(owner, { adopt: true });
    await up(cloud, second);
    const back = engineOf(former, { adopt: true });
    await up(cloud, back);
    expect(await destroyed(cloud, second, owner, { adopt: true })).toEqual([]);
    await cloud.clock.run(back.destroy(cloud.newRun()));
    expect((seen(cloud).machines ?? []).length).toBe(0);
  });

  test("that was to be taken over, and was not, is left by a destroy of what the attempt has recorded", async () => {
    const { cloud, first } = await made();
    const second = engineOf(owner, { adopt: true });
    cloud.emulator.faults.order({ kind: "httpError", command: "listNetworks", count: Infinity, code: 530 });
    expect(await failureOf(cloud.clock.run(second.up(cloud.newRun())))).toMatch(/530/);
    cloud.emulator.faults.clear();
    expect(second.recorded.endpoint).toBeDefined();
    const before = cloud.state();
    expect(await destroyed(cloud, second, owner, { adopt: true })).toEqual([]);
    expect(cloud.state()).toBe(before);
    expect(await cloud.clock.run(first.plan(cloud.newRun()))).toEqual([]);
  });
});

describe("a cluster that somebody made in Mold, of whose own service it is, and that two programs have taken over one after another", () => {
  async function inHands(): Promise<{ cloud: Cloud; of: (by: string) => { declared: Record<string, unknown>; up: () => Promise<Engine>; destroyed: (engine: Engine) => Promise<string[]> } }> {
    const cloud = new Cloud();
    const mold = byHand(cloud);
    const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
    const version = (await cloud.clock.run(mold.list("listKubernetesSupportedVersions", {}))).find(({ semanticversion }) => semanticversion === "1.34.2");
    const [offering] = await cloud.clock.run(mold.list("listServiceOfferings", { name: "k8s-2c-4g" }));
    await cloud.clock.run(mold.run("createKubernetesCluster", { name: "prod", description: "by hand", zoneid: zone!.id!, kubernetesversionid: version!.id!, serviceofferingid: offering!.id!, size: 1, controlnodes: 1 }));
    const declared = managed({ workers: 1, adopt: true });
    const { inputs } = checkInputs("KubernetesCluster", declared);
    const of = (by: string): ReturnType<Awaited<ReturnType<typeof inHands>>["of"]> => {
      const whole = { ...inputs, declaredBy: { ...declaredBy, owner: by } } as IdentityInputs;
      let outputs: ClusterIdentityOutputs;
      return {
        declared,
        up: async () => {
          ({ outputs } = await cloud.clock.run(clusterIdentity.create(cloud.newRun().session, whole)));
          const engine = new Engine(declared, by, outputs);
          await cloud.clock.run(engine.up(cloud.newRun()));
          return engine;
        },
        destroyed: async (engine) => {
          const run = cloud.newRun();
          await cloud.clock.run(engine.destroy(run));
          await cloud.clock.run(clusterIdentity.delete(run.session, "id", { inputs: whole, outputs }));
          return changing(run);
        },
      };
    };
    return { cloud, of };
  }

  test("is deleted by the last of them alone", async () => {
    const { cloud, of } = await inHands();
    const [first, last] = [of(former), of(third)];
    const [before, now] = [await first.up(), await last.up()];
    const state = cloud.state();
    expect(await first.destroyed(before)).toEqual([]);
    expect(cloud.state()).toBe(state);
    expect(await cloud.clock.run(now.plan(cloud.newRun()))).toEqual([]);
    await last.destroyed(now);
    expect(cloud.emulator.isEmpty()).toBe(true);
  });
});

test("under another name than it was taken over with nobody can tell whose it is: a destroy says so, and what to do", async () => {
  const cloud = new Cloud();
  const declared = declaration({ controlPlanes: 1, workers: 1 });
  await cloud.clock.run(new Engine(declared, former).up(cloud.newRun()));
  const taker = new Engine({ ...declared, adopt: true }, owner);
  await cloud.clock.run(taker.up(cloud.newRun()));
  const renamed = new Engine({ ...declared, adopt: true }, third);
  Object.assign(renamed.recorded, taker.recorded);
  const before = cloud.state();
  const text = await failureOf(cloud.clock.run(renamed.destroy(cloud.newRun())));
  expect(text).toContain(`${owner} has taken it over from ${former}, and this program is ${third}: nothing is deleted`);
  expect(text).toContain("the tag ablestack-owner of its network and address");
  expect(cloud.state()).toBe(before);
});
