/** A LoadBalancer that follows a role has the machines that Mold makes behind it, and loses those that leave before they are drained. */
import { loadBalancer, type LoadBalancerResourceInputs } from "../../../provider/handlers/load-balancer";
import { checkInputs } from "../../../schema/check";
import { declaredBy, sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { MadeCluster, seen } from "../world/made";
import { managed } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

test("its members follow the cluster as it grows and shrinks", async () => {
  const life = new Life(made);
  const { inputs } = checkInputs("LoadBalancer", { cluster: life.outputs.uid, ipAddressId: life.outputs.publicIpAddressId, name: "https", publicPort: 443, privatePort: 30_443, members: { role: "worker" } });
  const balancer = { ...inputs, declaredBy: { ...declaredBy, resource: "https" } } as LoadBalancerResourceInputs;
  const members = (): unknown => (seen(life.cloud).balancers ?? []).find(({ name }) => name === "https")?.memberIds;
  const workers = (): string[] => life.names.filter((name) => name.includes("-node-")).map((name) => `machines:${name}`);
  await life.cloud.clock.run(loadBalancer.create(life.cloud.newRun().session, balancer));
  expect(members()).toEqual(workers());
  await life.up(managed({ workers: 3 }));
  expect(workers()).toHaveLength(3);
  expect(members()).toEqual(workers());
  expect((await life.plan(managed({ workers: 1 }))).filter((line) => line.startsWith("take"))).toHaveLength(2);
  await life.up(managed({ workers: 1 }));
  expect(members()).toEqual(workers());
  expect(await life.plan()).toEqual([]);
});
