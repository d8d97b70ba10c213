/** The kubeconfig that Mold keeps of a cluster holds a certificate that lasts for a year, and Mold renews none. */
import { KubernetesError } from "../../../provider/kubernetes/errors";
import type { KubernetesPort, World } from "../../../provider/core/ports";
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { changing, MadeCluster } from "../world/made";
import { managed } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

/** From now on every run's certificate is answered 401. */
function shutOut({ cloud }: Life): void {
  const newRun = cloud.newRun.bind(cloud);
  const refused = (): Promise<never> => Promise.reject(new KubernetesError("forbidden", "GET https://203.0.113.7:6443/api/v1/nodes: 401: Unauthorized", 401));
  jest.spyOn(cloud, "newRun").mockImplementation((options) => {
    const run = newRun(options);
    const { session } = run;
    const world = (...given: Parameters<typeof session.world>): World => ({ ...session.world(...given), kubernetes: () => new Proxy({}, { get: () => refused }) as KubernetesPort });
    return Object.defineProperty(run, "session", { value: { ...session, world } });
  });
}

test("once that has ended the preview says so rather than that nobody answers, and what needs the nodes is refused with what to do, before anything changes", async () => {
  const life = new Life(made);
  shutOut(life);
  const says = /certificate in the kubeconfig that Mold keeps of the cluster is not let in/;
  expect(await life.plan()).toEqual([expect.stringMatching(says)]);
  for (const [declared, step] of [[managed({ version: "1.35" }), /check that prod can go from 1\.34\.2/], [managed({ workers: 1 }), /cordon prod-node-/]] as const) {
    const refusal = await life.plan(declared).catch((error: unknown) => (error as Error).message);
    expect(refusal).toMatch(says);
    expect(refusal).toMatch(step);
    expect(refusal).toMatch(/management: .*kubeadm certs renew all.*powerState/s);
    await expect(life.up(declared)).rejects.toThrow(says);
    expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual([]);
  }
});

test("what Mold does by itself goes on without it: more workers, and the stop and the start that have it fetched anew", async () => {
  const life = new Life(made);
  shutOut(life);
  expect(await life.plan(managed({ workers: 3 }))).toContainEqual(expect.stringMatching(/is not let in .*: what its nodes run could not be looked at/));
  await life.up(managed({ workers: 3 }));
  await life.up(managed({ workers: 3, powerState: "stopped" }));
  await life.up(managed({ workers: 3 }));
  expect([life.outputs.state, life.outputs.size]).toEqual(["Running", 3]);
});
