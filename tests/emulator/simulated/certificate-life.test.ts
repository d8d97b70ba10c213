/** What the agents of simulated nodes say about their certificates. */
import { renewedCertificates } from "../../../provider/emulator/simulated/certificate-life";
import { bootCluster, isoOf, SmallCloud } from "./cluster-under-test";

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const END = "ablestack.io/certificates-end";

async function ends(cloud: SmallCloud, name: string): Promise<number> {
  const { metadata } = await cloud.json<{ metadata: { annotations: Record<string, string> } }>("GET", `/api/v1/nodes/${name}`);
  return Date.parse(metadata.annotations[END] ?? "");
}
const annotate = (cloud: SmallCloud, name: string, annotations: Record<string, string>): Promise<unknown> =>
  cloud.json("PATCH", `/api/v1/nodes/${name}`, { type: "application/merge-patch+json", body: { metadata: { annotations } } });
async function cluster(): Promise<SmallCloud> {
  const cloud = new SmallCloud();
  await bootCluster(cloud);
  return cloud;
}

test("they last a year from the join, and are renewed when 30 days are left, again and again", async () => {
  const cloud = await cluster();
  const end = await ends(cloud, "prod-worker-1");
  expect(Math.round((end - cloud.clock.now()) / DAY)).toBe(365);
  cloud.clock.pass(end - 30 * DAY - 1 - cloud.clock.now());
  expect(await ends(cloud, "prod-worker-1")).toBe(end);
  cloud.clock.pass(1);
  expect(await ends(cloud, "prod-worker-1")).toBe(end + 335 * DAY);
  for (const days of [1, 200, 335, 700, 5000]) expect(renewedCertificates(end, end + days * DAY) - (end + days * DAY)).toBeGreaterThan(30 * DAY);
});

test("an upgrade renews a control plane's, and a reboot nobody's", async () => {
  const cloud = await cluster();
  const before = await ends(cloud, "prod-control-1");
  cloud.clock.pass(100 * DAY);
  cloud.hypervisor.reboot(cloud.id("prod-control-1"));
  cloud.clock.pass(60 * SECOND);
  expect(await ends(cloud, "prod-control-1")).toBe(before);
  cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf("1.36.3"));
  await annotate(cloud, "prod-control-1", { "ablestack.io/wanted-version": "1.36.3", "ablestack.io/upgrade-role": "first" });
  cloud.clock.pass(93 * SECOND);
  expect(Math.round((await ends(cloud, "prod-control-1")) / DAY)).toBe(Math.round((cloud.clock.now() + 365 * DAY) / DAY));
});

test("what somebody else writes there stands until the machine boots again", async () => {
  const cloud = await cluster();
  const end = await ends(cloud, "prod-worker-1");
  const soon = new Date(cloud.clock.now() + DAY).toISOString();
  await annotate(cloud, "prod-worker-1", { [END]: soon });
  expect(await ends(cloud, "prod-worker-1")).toBe(Date.parse(soon));
  cloud.hypervisor.reboot(cloud.id("prod-worker-1"));
  cloud.clock.pass(60 * SECOND);
  expect(await ends(cloud, "prod-worker-1")).toBe(end);
});
