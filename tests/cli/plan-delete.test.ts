/** The program itself, as a process of its own, against the embedded Mold over HTTP and a cluster's API over HTTPS. */
import { join } from "node:path";
import type { Rehearsed } from "../../provider/cli/words";
import { kubeconfig } from "../../provider/kubernetes/kubeconfig";
import { httpsTransport } from "../../provider/kubernetes/transport";
import { owner } from "../core/world/cluster";
import { served, uid, type Served } from "./world/served";

let here: Served;

beforeAll(async () => {
  here = await served("127.84.9.0/24");
}, 120_000);
afterAll(() => here.close());

test("with nothing in the way: the plan, that nothing blocks it, what was not looked at, and exit code 0; nothing is changed", async () => {
  here.emulator.clearCalls();
  const { code, out, err } = await here.run("plan --delete prod");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.split("\n")).toEqual([
    `prod (uid ${uid}), declared by ${owner}`,
    "",
    "Deleting it would:",
    "  - delete the API's balancer rule of prod",
    "  - close the API to 0.0.0.0/0",
    "  - delete the record of prod in Mold",
    "  - destroy prod-control-1",
    "  - destroy prod-worker-1",
    "  - delete the anti-affinity group of prod",
    "  - forget the life of prod",
    `  - delete the network prod-${uid}`,
    expect.stringMatching(/^ {2}- about \d+(\.\d+)? s in all$/),
    "",
    "Its services of type LoadBalancer and its volumes were not looked at: only the cluster's own API knows them; give --kubeconfig FILE.",
    "Nothing blocks it. Nothing was changed.",
    "",
  ]);
  expect(here.emulator.calls().length).toBeGreaterThan(0);
  expect(here.emulator.calls().filter(({ changing }) => changing)).toEqual([]);
}, 30_000);

describe("with things in the way", () => {
  let ids: Readonly<Record<"db" | "rule", string>>;

  beforeAll(async () => {
    const { networkId, zoneId, publicIpAddressId } = here.engine.endpoint;
    const [[template], [offering]] = await Promise.all([here.mold.list("listTemplates", { templatefilter: "executable", keyword: "debian" }), here.mold.list("listServiceOfferings", { keyword: "k8s-2c-2g" })]);
    const db = await here.mold.run("deployVirtualMachine", { zoneid: zoneId, templateid: template!.id!, serviceofferingid: offering!.id!, networkids: [networkId], name: "db" });
    const rule = await here.mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["0.0.0.0/0"] });
    ids = { db: db.id!, rule: rule.id! };
    const body = JSON.stringify({ metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
    const { status } = await httpsTransport(here.access, 10_000)({ method: "POST", path: "/api/v1/namespaces/default/services", query: {}, headers: { "content-type": "application/json" }, body }, here.access);
    expect(status).toBe(201);
  });

  test("they are named with what to do about each, and the exit code is 1", async () => {
    const { code, out } = await here.run(`plan --delete ${uid} --kubeconfig ${here.config}`);
    expect(code).toBe(1);
    const ip = here.engine.endpoint.publicIpAddress;
    expect(out).toContain(`
It can't be deleted while these are there:
  - machine db (${ids.db}, Running) on the network prod-${uid}, not of this cluster: move it to another network or remove it; the network can't go while it is there

Lost with it, or left behind:
  - firewall rule tcp/22 from 0.0.0.0/0 on ${ip} (${ids.rule}), made by hand or by another program: declare it as a NetworkRule or LoadBalancer, or note it, if it is to be there again
  - service default/web of type LoadBalancer (no address yet, port 80): delete it first if what it is known by outside (DNS, say) has to be cleared up

It is blocked. Nothing was changed.
`);
  }, 30_000);

  test("as JSON for a program", async () => {
    const { code, out } = await here.run(`plan --delete prod --owner ${owner} --kubeconfig ${here.config} --json`);
    expect(code).toBe(1);
    const { cluster, plan, blocks, losses, unseen } = JSON.parse(out) as Rehearsed;
    expect(cluster).toEqual({ uid, name: "prod", owner });
    expect(plan).toContain("destroy prod-worker-1");
    expect(blocks).toMatchObject([{ kind: "foreignMachine", name: "db", id: ids.db, where: `prod-${uid}` }]);
    expect(losses).toMatchObject([{ kind: "firewallRule", id: ids.rule, where: `${here.engine.endpoint.publicIpAddress}:22` }, { kind: "service", name: "default/web" }]);
    expect(unseen).toBeUndefined();
  }, 30_000);
});

describe("what can't be found out ends with exit code 2, a reason on stderr, and nothing on stdout", () => {
  const other = (): string => here.written("other", kubeconfig({ name: "other", endpoint: "https://127.84.9.99:6443", caCertificate: "CA", adminCertificate: "CERT", adminKey: "KEY" }));

  test.each<[string, () => string, RegExp, Readonly<Record<string, string>>?]>([
    ["wrong usage", () => "plan --delete", /^ablestack-kubernetes: plan --delete needs the name or the uid of a cluster; see ablestack-kubernetes --help\n$/],
    ["wrong keys", () => "plan --delete prod", /^ablestack-kubernetes: list\w+ was not let in \(401\): .*Check ablestack:apiKey and ablestack:secretKey/, { ABLESTACK_SECRET_KEY: "wrong-secret" }],
    ["no connection configured", () => "plan --delete prod", /ablestack:apiUrl is not set .*ABLESTACK_API_URL\n.*This command reads the environment alone\.\n$/s, { ABLESTACK_API_URL: "" }],
    ["Mold out of reach", () => "plan --delete prod", /127\.0\.0\.1:9\b/, { ABLESTACK_API_URL: "http://127.0.0.1:9/client/api", CLOUDSTACK_API_URL: "" }],
    ["no such cluster", () => "plan --delete prd", /there is no cluster prd among what these keys show\. Is prod meant\?/],
    ["another cluster's kubeconfig", () => `plan --delete prod --kubeconfig ${other()}`, /the kubeconfig leads to https:\/\/127\.84\.9\.99:6443, and the API of this cluster is at https:\/\/127\.84\.9\.\d+:6443/],
    ["a kubeconfig that is none", () => `plan --delete prod --kubeconfig ${join(here.folder, "none")}`, /none: can't be read \(ENOENT\)/],
  ])("%s", async (_, words, message, more = {}) => {
    const { code, out, err } = await here.run(words(), more);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/wrong-secret|at .*\.ts:\d+/);
    expect(err).not.toContain(here.env.ABLESTACK_SECRET_KEY);
  }, 60_000);
});

test("--help explains itself", async () => {
  const { code, out } = await here.run("--help");
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: ablestack-kubernetes COMMAND/);
}, 30_000);
