/** The program: started, killed, started again, emptied, stopped. */
import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { signed, type Item, type Params } from "./test-client";

const bin = join(__dirname, "..", "..", "provider", "emulator", "bin.ts");
const state = mkdtempSync(join(tmpdir(), "emulator-process-"));

interface Ran {
  readonly code: number;
  readonly out: string;
}

async function run(...arguments_: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", bin, ...arguments_, "--state", state], (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: stdout + stderr }));
  });
}

const start = (): Promise<Ran> => run("start", "--port", "0", "--public-range", "127.84.7.0/24", "--speed", "4");

/** What the emulator says of itself. The program is not asked: each start of it costs a second. */
async function status(): Promise<Item> {
  const note = JSON.parse(readFileSync(join(state, "server.json"), "utf8")) as Item;
  return { ...note, ...(await control("GET", "status")) };
}

async function http(method: string, url: string, body: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on("error", reject).end(body);
  });
}

let url = "";
async function call(command: string, params: Params = {}): Promise<Item> {
  const keys = (JSON.parse(readFileSync(join(state, "keys.json"), "utf8")) as Item).admin as { apiKey: string; secretKey: string };
  const { text } = await http("POST", url, signed({ command, ...params }, keys.apiKey, keys.secretKey), { "content-type": "application/x-www-form-urlencoded" });
  return Object.values(JSON.parse(text) as Item)[0] as Item;
}

async function control(method: string, what: string, body = ""): Promise<Item> {
  const { token, url: at } = JSON.parse(readFileSync(join(state, "server.json"), "utf8")) as { token: string; url: string };
  return JSON.parse((await http(method, new URL(`/control/${what}`, at).href, body, { authorization: `Bearer ${token}` })).text) as Item;
}

async function up(): Promise<number> {
  expect(await start()).toMatchObject({ code: 0 });
  const now = await status();
  url = now.url as string;
  return now.pid as number;
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await wait(25);
  }
  throw new Error(`${pid} lives on`);
}

/** Bounded by the test's own timeout. */
async function ended(jobId: string): Promise<Item> {
  for (;;) {
    const job = await call("queryAsyncJobResult", { jobid: jobId });
    if (job.jobstatus !== 0) return job;
    await wait(50);
  }
}

afterAll(async () => {
  await run("stop");
  rmSync(state, { recursive: true, force: true });
}, 30_000);

test("what was answered for before a kill -9 is there after it, and the pending job goes on", async () => {
  const pid = await up();
  const zone = (await call("listZones", { name: "zone-1" })).zone[0].id as string;
  const offering = (await call("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" })).networkoffering[0].id as string;
  const network = (await call("createNetwork", { name: "n", zoneid: zone, networkofferingid: offering })).network.id as string;
  await ended((await call("createTags", { resourcetype: "Network", resourceids: network, "tags[0].key": "k", "tags[0].value": "v" })).jobid as string);
  const template = (await call("listTemplates", { templatefilter: "executable", zoneid: zone })).template[0].id as string;
  const size = (await call("listServiceOfferings", { name: "k8s-2c-4g" })).serviceoffering[0].id as string;
  const deployed = await call("deployVirtualMachine", { zoneid: zone, templateid: template, serviceofferingid: size, networkids: network, name: "m-1" });
  const keys = readFileSync(join(state, "keys.json"), "utf8");

  process.kill(pid, "SIGKILL");
  await gone(pid);
  // A kill in the middle of a write leaves half a line.
  const half = '[["machines","torn",{"id":"to';
  appendFileSync(join(state, "journal.jsonl"), half);

  expect(await up()).not.toBe(pid);
  expect(readFileSync(join(state, "keys.json"), "utf8")).toBe(keys);
  expect((await call("listNetworks", { id: network })).network[0]).toMatchObject({ name: "n", tags: [{ key: "k", value: "v" }] });
  expect((await ended(deployed.jobid as string)).jobresult.virtualmachine).toMatchObject({ id: deployed.id, state: "Running", name: "m-1" });
  expect(readFileSync(join(state, "emulator.log"), "utf8")).toContain(`dropped ${half.length} bytes of a torn last line`);
}, 60_000);

test("start again does nothing, and says where it runs", async () => {
  const before = await status();
  const { code, out } = await start();
  expect(code).toBe(0);
  expect(out).toMatch(/already running/);
  expect((await status()).pid).toBe(before.pid);
}, 30_000);

test("keys, token and journal are readable by their owner alone, and neither log has a secret in it", async () => {
  for (const file of ["keys.json", "server.json", "journal.jsonl"]) expect(statSync(join(state, file)).mode & 0o077).toBe(0);
  const keys = JSON.parse(readFileSync(join(state, "keys.json"), "utf8")) as Record<string, { apiKey: string; secretKey: string }>;
  const logs = (await run("logs", "--calls", "--lines", "10000")).out + (await run("logs", "--lines", "10000")).out;
  expect(logs).toMatch(/"command":"deployVirtualMachine"/);
  for (const { apiKey, secretKey } of Object.values(keys)) {
    expect(logs).not.toContain(secretKey);
    expect(logs).not.toContain(apiKey);
  }
  expect((await run("env")).out).toContain(`export ABLESTACK_SECRET_KEY='${keys.admin?.secretKey ?? ""}'`);
}, 30_000);

test("the control endpoint takes orders and shows calls, with the token alone", async () => {
  expect((await http("GET", new URL("/control/calls", url).href, "")).status).toBe(401);
  const { id } = await control("POST", "faults", JSON.stringify({ kind: "rateLimit", command: "listZones" }));
  expect(id).toBe(1);
  expect((await call("listZones")).errorcode).toBe(429);
  expect((await control("POST", "faults", JSON.stringify({ kind: "flood" }))).error).toMatch(/there is no fault/);
  expect((await control("GET", "calls") as unknown as Item[]).at(-1)).toMatchObject({ command: "listZones", errorCode: 429, changing: false });
}, 30_000);

test("an ordered kill ends the process at its call, after what the call did", async () => {
  const { pid } = await status();
  await control("POST", "faults", JSON.stringify({ kind: "processKilled", command: "createSSHKeyPair", effect: "after" }));
  await expect(call("createSSHKeyPair", { name: "pair" })).rejects.toBeDefined();
  await gone(pid as number);
  await up();
  expect((await call("listSSHKeyPairs")).sshkeypair).toMatchObject([{ name: "pair" }]);
}, 60_000);

test("reset empties it and keeps the keys; stop ends process and listeners", async () => {
  const keys = readFileSync(join(state, "keys.json"), "utf8");
  expect((await run("reset")).out).toMatch(/empty/);
  expect((await status()).empty).toBe(true);
  expect(await call("listSSHKeyPairs")).toEqual({});
  const { pid } = await status();
  expect((await run("stop")).out).toMatch(/stopped/);
  await gone(pid as number);
  await expect(call("listZones")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect((await run("stop")).out).toMatch(/not running/);
  expect(await run("status", "--json")).toMatchObject({ code: 3, out: expect.stringContaining('{"running":false') as string });
  await up();
  expect(readFileSync(join(state, "keys.json"), "utf8")).toBe(keys);
}, 60_000);

test("a port that is taken is named, and what to do", async () => {
  const port = new URL(url).port;
  const other = mkdtempSync(join(tmpdir(), "emulator-process-"));
  const { code, out } = await new Promise<Ran>((resolve) => {
    execFile(process.execPath, ["--import", "tsx", bin, "start", "--port", port, "--state", other], (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), out: stdout + stderr }));
  });
  expect(code).toBe(1);
  expect(out).toMatch(new RegExp(`--port: something else listens on 127.0.0.1:${port}; choose another`));
  rmSync(other, { recursive: true, force: true });
}, 30_000);
