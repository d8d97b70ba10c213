/** The program itself, as a process of its own, against the embedded Mold over HTTP and a cluster's API over HTTPS. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmulator, type Emulator } from "../../provider/emulator";
import type { ClusterAccess, MoldPort } from "../../provider/core/ports";
import { createSession } from "../../provider/handlers/session";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import { kubeconfig } from "../../provider/kubernetes/kubeconfig";
import { httpsTransport } from "../../provider/kubernetes/transport";
import type { Rehearsed } from "../../provider/cli/plan-delete";
import type { Run } from "../core/world/cloud";
import { declaration, owner } from "../core/world/cluster";
import { Engine } from "../core/world/engine";

const bin = join(__dirname, "../../provider/cli/bin.ts");
const uid = "c1i9abcdef01";
const folder = mkdtempSync(join(tmpdir(), "cli-"));
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

let emulator: Emulator;
let env: Readonly<Record<string, string>>;
let mold: MoldPort;
let engine: Engine;
let access: ClusterAccess;
let config: string;

beforeAll(async () => {
  emulator = createEmulator({ speed: 40, publicRange: "127.84.9.0/24" });
  const { apiKey, secretKey } = emulator.users[0]!;
  env = { ABLESTACK_API_URL: await emulator.listen(), ABLESTACK_API_KEY: apiKey, ABLESTACK_SECRET_KEY: secretKey };
  const session = createSession({ config: () => undefined, env, log: quiet, signal: new AbortController().signal });
  mold = session.world(undefined, { owner, resource: "prod" }).mold;
  // Of today: TLS goes by the machine's own clock.
  const identity = { uid, ...(await createClusterCertificates({ uid, now: Date.now() })) };
  engine = new Engine(declaration({ controlPlanes: 1, workers: 1 }), owner, identity);
  await engine.up({ session, throwIfKilled: () => undefined } as unknown as Run);
  access = { endpoint: engine.endpoint.endpoint, caCertificate: identity.caCertificate, clientCertificate: identity.adminCertificate, clientKey: identity.adminKey };
  config = written("config", kubeconfig({ ...identity, name: "prod", endpoint: engine.endpoint.endpoint }));
}, 120_000);
afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** With nothing in its environment but what is given. */
const run = (words: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...env, ...more } };
    execFile(process.execPath, ["--import", "tsx", bin, ...words.split(" ")], options, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }));
  });

test("with nothing in the way: the plan, that nothing blocks it, what was not looked at, and exit code 0; nothing is changed", async () => {
  emulator.clearCalls();
  const { code, out, err } = await run("plan --delete prod");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.split("\n")).toEqual([
    `prod (uid ${uid}), declared by ${owner}`,
    "",
    "Deleting it would:",
    "  - delete the API's balancer rule of prod",
    "  - close the API to 0.0.0.0/0",
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
  expect(emulator.calls().length).toBeGreaterThan(0);
  expect(emulator.calls().filter(({ changing }) => changing)).toEqual([]);
}, 30_000);

describe("with things in the way", () => {
  let ids: Readonly<Record<"db" | "rule", string>>;

  beforeAll(async () => {
    const { networkId, zoneId, publicIpAddressId } = engine.endpoint;
    const [[template], [offering]] = await Promise.all([mold.list("listTemplates", { templatefilter: "executable", keyword: "debian" }), mold.list("listServiceOfferings", { keyword: "k8s-2c-2g" })]);
    const db = await mold.run("deployVirtualMachine", { zoneid: zoneId, templateid: template!.id!, serviceofferingid: offering!.id!, networkids: [networkId], name: "db" });
    const rule = await mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["0.0.0.0/0"] });
    ids = { db: db.id!, rule: rule.id! };
    const body = JSON.stringify({ metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
    const { status } = await httpsTransport(access, 10_000)({ method: "POST", path: "/api/v1/namespaces/default/services", query: {}, headers: { "content-type": "application/json" }, body }, access);
    expect(status).toBe(201);
  });

  test("they are named with what to do about each, and the exit code is 1", async () => {
    const { code, out } = await run(`plan --delete ${uid} --kubeconfig ${config}`);
    expect(code).toBe(1);
    const ip = engine.endpoint.publicIpAddress;
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
    const { code, out } = await run(`plan --delete prod --owner ${owner} --kubeconfig ${config} --json`);
    expect(code).toBe(1);
    const { cluster, plan, blocks, losses, unseen } = JSON.parse(out) as Rehearsed;
    expect(cluster).toEqual({ uid, name: "prod", owner });
    expect(plan).toContain("destroy prod-worker-1");
    expect(blocks).toMatchObject([{ kind: "foreignMachine", name: "db", id: ids.db, where: `prod-${uid}` }]);
    expect(losses).toMatchObject([{ kind: "firewallRule", id: ids.rule, where: `${engine.endpoint.publicIpAddress}:22` }, { kind: "service", name: "default/web" }]);
    expect(unseen).toBeUndefined();
  }, 30_000);
});

describe("what can't be found out ends with exit code 2, a reason on stderr, and nothing on stdout", () => {
  const other = (): string => written("other", kubeconfig({ name: "other", endpoint: "https://127.84.9.99:6443", caCertificate: "CA", adminCertificate: "CERT", adminKey: "KEY" }));

  test.each<[string, () => string, RegExp, Readonly<Record<string, string>>?]>([
    ["wrong usage", () => "plan prod", /^ablestack-kubernetes: plan needs --delete; .*see ablestack-kubernetes --help\n$/],
    ["wrong keys", () => "plan --delete prod", /^ablestack-kubernetes: list\w+ was not let in \(401\): .*Check ablestack:apiKey and ablestack:secretKey/, { ABLESTACK_SECRET_KEY: "wrong-secret" }],
    ["no connection configured", () => "plan --delete prod", /ablestack:apiUrl is not set .*ABLESTACK_API_URL\n.*This command reads the environment alone\.\n$/s, { ABLESTACK_API_URL: "" }],
    ["Mold out of reach", () => "plan --delete prod", /127\.0\.0\.1:9\b/, { ABLESTACK_API_URL: "http://127.0.0.1:9/client/api", CLOUDSTACK_API_URL: "" }],
    ["no such cluster", () => "plan --delete prd", /there is no cluster prd among what these keys show\. Is prod meant\?/],
    ["another cluster's kubeconfig", () => `plan --delete prod --kubeconfig ${other()}`, /the kubeconfig leads to https:\/\/127\.84\.9\.99:6443, and the API of this cluster is at https:\/\/127\.84\.9\.\d+:6443/],
    ["a kubeconfig that is none", () => `plan --delete prod --kubeconfig ${join(folder, "none")}`, /none: can't be read \(ENOENT\)/],
  ])("%s", async (_, words, message, more = {}) => {
    const { code, out, err } = await run(words(), more);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/wrong-secret|at .*\.ts:\d+/);
    expect(err).not.toContain(env.ABLESTACK_SECRET_KEY);
  }, 60_000);
});

test("--help explains itself", async () => {
  const { code, out } = await run("--help");
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: ablestack-kubernetes plan --delete CLUSTER/);
}, 30_000);
