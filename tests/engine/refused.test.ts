/** What is wrong is said clearly on the real engine, and what failed is gone on with. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { createSession } from "../../provider/handlers/session";
import { built } from "./world/paths";
import { TestStack } from "./world/stack";

jest.setTimeout(150_000);

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet };

let stack: TestStack;
let configuration: string;
beforeAll(async () => {
  stack = await TestStack.create({ range: 30 });
  configuration = stack.read("Pulumi.test.yaml");
});
// Also after a test that fails: the next one is not to fail by it.
afterEach(() => stack.write("Pulumi.test.yaml", configuration));
afterAll(() => stack?.close());

/** The diagnostics of an `up` that fails. */
async function refused(args: readonly string[] = ["up", "--yes", "--skip-preview"]): Promise<string> {
  const { code, output } = await stack.run(args);
  expect(code).not.toBe(0);
  return output.slice(output.indexOf("Diagnostics:"));
}

test("a stack that isn't configured: one error that names each key and how to set it", async () => {
  await stack.succeed(["config", "rm", "ablestack:secretKey"]);
  await stack.succeed(["config", "rm", "ablestack:apiKey"]);
  const said = await refused(["preview"]);
  expect(said).toMatch(/ablestack:apiKey is not set.*pulumi config set ablestack:apiKey/);
  expect(said).toMatch(/ablestack:secretKey is not set.*pulumi config set --secret ablestack:secretKey/);
  expect(said.match(/error: /g)).toHaveLength(1);
  expect(said).not.toMatch(/\n\s+at /);
});

test("wrong credentials: one error, before anything is made", async () => {
  await stack.succeed(["config", "set", "--secret", "ablestack:secretKey", "a-wrong-secret-key"]);
  const calls = await stack.callsOf(async () => {
    const said = await refused();
    expect(said.match(/error: /g)).toHaveLength(1);
    expect(said).toMatch(/ablestack:(apiKey|secretKey|digest)/);
    expect(said).not.toContain("a-wrong-secret-key");
  });
  expect(calls.filter(({ changing }) => changing)).toEqual([]);
});

test("names that the zone doesn't have: refused at preview, each with its property and the nearest ones", async () => {
  await stack.succeed(["config", "set", "offering", "k8s-2c-4gb"]);
  await stack.succeed(["config", "set", "version", "1.29"]);
  const calls = await stack.callsOf(async () => {
    const said = await refused(["preview"]);
    expect(said).toMatch(/controlPlane\.offering: .*k8s-2c-4gb.*k8s-2c-4g/);
    expect(said).toMatch(/workers\.offering: /);
    expect(said).toMatch(/version: .*1\.29.*1\.35\.4/);
    expect(said).not.toMatch(/<nil>|\n\s+at /);
  });
  expect(calls.filter(({ changing }) => changing)).toEqual([]);
});

test("what a failed up has left can be refreshed and destroyed, without another up", async () => {
  stack.mold.faults.order({ kind: "noCapacity", name: "ha-worker-2", count: 1 });
  await refused();
  expect(stack.machines).toContain("ha-control-1");
  await stack.succeed(["refresh", "--yes", "--skip-preview"]);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(await stack.resources()).toEqual([]);
  expect(stack.machines).toEqual([]);
});

test("a machine that Mold can't place: the error says so, the state records what is there, and the next up goes on from it", async () => {
  stack.mold.faults.order({ kind: "noCapacity", name: "ha-worker-2", count: 1 });
  const said = await refused();
  expect(said).toMatch(/ha-worker-2/);
  expect((await stack.resources()).some(({ type }) => type.endsWith(":Cluster"))).toBe(true);
  const before = stack.machines;
  expect(before).toContain("ha-control-1");
  const calls = await stack.callsOf(() => stack.up());
  expect(calls.filter(({ command }) => command === "deployVirtualMachine")).toHaveLength(1);
  expect(stack.machines).toHaveLength(6);
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
});

test("what Kubernetes can't do is refused by name, and changes nothing", async () => {
  await stack.succeed(["config", "set", "version", "1.34"]);
  const calls = await stack.callsOf(async () => expect(await refused()).toMatch(/version: is 1\.34, and ha runs 1\.35\.4: Kubernetes can't go back/));
  expect(calls.filter(({ changing }) => changing)).toEqual([]);
});

test("a machine of others on the cluster's network: the command names it, and destroy does, before a machine goes", async () => {
  const { apiKey, secretKey } = stack.admin;
  const env = { ABLESTACK_API_URL: stack.apiUrl, ABLESTACK_API_KEY: apiKey, ABLESTACK_SECRET_KEY: secretKey };
  const { mold } = createSession({ config: () => undefined, env, log, signal: new AbortController().signal }).world(undefined, { owner: "by hand", resource: "db" });
  const [[network], [template], [offering]] = await Promise.all([
    mold.list("listNetworks", { keyword: "ha-" }),
    mold.list("listTemplates", { templatefilter: "executable", keyword: "debian" }),
    mold.list("listServiceOfferings", { keyword: "k8s-2c-2g" }),
  ]);
  const { id } = await mold.run("deployVirtualMachine", { zoneid: network!.zoneid!, templateid: template!.id!, serviceofferingid: offering!.id!, networkids: [network!.id!], name: "db" });
  const machines = stack.machines;
  const command = await new Promise<{ code: unknown; out: string }>((resolve) => {
    execFile(process.execPath, [join(built(), "provider/cli/bin.js"), "plan", "--delete", "ha"], { env: { ...process.env, ...env } }, (error, out) => resolve({ code: error?.code, out }));
  });
  expect(command).toEqual({ code: 1, out: expect.stringContaining(`machine db (${id}, Running)`) as unknown });
  const said = await refused(["destroy", "--yes", "--skip-preview"]);
  expect(said).toContain(`KubernetesCluster ha: network: machines that are not of this cluster are on its network ${network!.name}: db (${id}).`);
  expect(said).not.toMatch(/\n\s+at /);
  expect(stack.machines).toEqual(machines);
  await mold.run("destroyVirtualMachine", { id: id!, expunge: true });
  await stack.up();
});

test("a cluster that is gone from Mold is noticed by refresh, and destroy still ends", async () => {
  await stack.mold.reset();
  const output = await stack.succeed(["refresh", "--yes", "--skip-preview"]);
  expect(output).toMatch(/Cluster ha delete/);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(await stack.resources()).toEqual([]);
});
