/** Two rules of one name at one place are one to Mold: children of two components may be called alike in one program. */
import { loadBalancer, type LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { networkRule, type NetworkRuleResourceInputs } from "../../provider/handlers/network-rule";
import type { CheckFailure, Session } from "../../provider/handlers/handler";
import { declaration, declaredBy, sharedIdentity } from "../core/world/cluster";
import { MadeCluster, seen } from "../core/world/made";
import { DeclaredRule } from "./rules";

let made: MadeCluster;
let cluster: string;
beforeAll(async () => {
  cluster = (await sharedIdentity()).uid;
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1 }));
});
afterAll(() => made.close());

const firewall = (port: number, more: object = {}): object => ({ cluster, kind: "firewall", protocol: "tcp", startPort: port, ...more });
const check = async (session: Session, given: object, resource = "web"): Promise<readonly CheckFailure[]> =>
  (await networkRule.check(session, undefined, { ...given, declaredBy: { ...declaredBy, resource } } as NetworkRuleResourceInputs)).failures;
const twice = [{ property: "name", reason: expect.stringMatching(/^another NetworkRule of this configuration is called "web" as well, at the same place\..*give one of the two another name$/) as string }];

test("the second takes the first one's place: so it is refused before it does", async () => {
  const { cloud } = made.open();
  const open = (): unknown[] => seen(cloud).firewallRules!.map(({ startPort }) => startPort).filter((port) => port !== 6443);
  await cloud.clock.run(DeclaredRule.networkRule("web", { ...firewall(443) }).up(cloud.newRun()));
  await cloud.clock.run(DeclaredRule.networkRule("web", { ...firewall(8443) }).up(cloud.newRun()));
  expect(open()).toEqual([8443]);

  const { session } = cloud.newRun();
  expect(await check(session, firewall(443))).toEqual([]);
  expect(await check(session, firewall(8443))).toEqual(twice);
});

test("an engine may ask about one twice; one of another name, kind, cluster or run is another rule", async () => {
  const { cloud } = made.open();
  const { session } = cloud.newRun();
  for (const given of [firewall(9443), firewall(9443), firewall(9443, { kind: "portForward", privateStartPort: 30443, target: { node: "prod-worker-1" } }), firewall(9444, { cluster: "abcdef012345" })]) expect(await check(session, given)).toEqual([]);
  expect(await check(session, firewall(9445), "other")).toEqual([]);
  expect(await check(cloud.newRun().session, firewall(9446))).toEqual([]);
});

test("balancers, too, whatever their rules are called", async () => {
  const { session } = made.open().cloud.newRun();
  const failures = async (publicPort: number, name: string): Promise<readonly CheckFailure[]> =>
    (await loadBalancer.check(session, undefined, { cluster, name, publicPort, privatePort: 30080, members: { role: "worker" }, declaredBy: { ...declaredBy, resource: "web" } } as unknown as LoadBalancerResourceInputs)).failures;
  expect(await failures(81, "one")).toEqual([]);
  expect(await failures(82, "two")).toEqual([{ property: "name", reason: expect.stringContaining("another LoadBalancer") as string }]);
});
