/** One process' way to the world. */
import { spawn, spawnSync } from "node:child_process";
import { hostname } from "node:os";
import type { Answer, MoldPort } from "../../provider/core/ports";
import { sharedLists } from "../../provider/core/shared-lists";
import { createSession, runEnded, runId, type SessionOptions } from "../../provider/handlers/session";
import type { ConnectionSettings } from "../../provider/mold/connection";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const declaredBy = { owner: "pulumi:acme/shop/dev", resource: "prod" };
const env = { ABLESTACK_API_URL: "https://mold.example.com/client/api", ABLESTACK_API_KEY: "key", ABLESTACK_SECRET_KEY: "secret" };

/** A Mold that counts how often it is listed. */
function countingMold(): { mold: MoldPort; lists: () => number } {
  let lists = 0;
  const mold: MoldPort = {
    call: async () => ({}) as never,
    list: async () => {
      lists += 1;
      return [];
    },
    start: async () => ({ jobId: "1", done: async () => ({}) as never }),
    run: async () => ({}) as never,
  };
  return { mold, lists: () => lists };
}

function sessionWith(options: Partial<SessionOptions> = {}): { session: ReturnType<typeof createSession>; asked: ConnectionSettings[]; lists: () => number } {
  const asked: ConnectionSettings[] = [];
  const { mold, lists } = countingMold();
  const session = createSession({
    config: () => undefined,
    env,
    log,
    signal: new AbortController().signal,
    createMold: (settings) => {
      asked.push(settings);
      return mold;
    },
    ...options,
  });
  return { session, asked, lists };
}

test("all resources of a run share one Mold client per connection", () => {
  const connections = JSON.stringify({ seoul: { apiUrl: "https://seoul.example.com/client/api", apiKey: "k", secretKey: "s" } });
  const { session, asked } = sessionWith({ config: (key) => (key === "ablestack:connections" ? connections : undefined) });
  const first = session.world(undefined, declaredBy);
  expect(session.world(undefined, { ...declaredBy, resource: "other" })).toBe(first);
  expect(session.world(undefined, { ...declaredBy, owner: "pulumi:acme/shop/prod" }).mold).toBe(first.mold);
  expect(session.world("seoul", declaredBy).mold).not.toBe(first.mold);
  expect(asked.map(({ apiUrl }) => apiUrl)).toEqual([env.ABLESTACK_API_URL, "https://seoul.example.com/client/api"]);
});

test("configuration comes before the environment", () => {
  const { session, asked } = sessionWith({ config: (key) => (key === "ablestack:apiUrl" ? "https://configured.example.com/client/api" : undefined) });
  session.world(undefined, declaredBy);
  expect(asked[0]).toMatchObject({ apiUrl: "https://configured.example.com/client/api", apiKey: "key" });
});

test("what isn't configured is one error that names every key and how to set it", () => {
  const { session } = sessionWith({ env: {} });
  expect(() => session.world(undefined, declaredBy)).toThrow(/ablestack:apiUrl.*ablestack:apiKey.*pulumi config set --secret ablestack:secretKey/s);
});

test("a name that no connection has is one error", () => {
  expect(() => sessionWith().session.world("busan", declaredBy)).toThrow(/The connection "busan" is not configured/);
});

test.each([
  ["a command", (mold: MoldPort) => mold.call("createNetwork", {} as never)],
  ["a job that is waited for", (mold: MoldPort) => mold.run("deleteNetwork", {} as never)],
  ["a job that is begun", (mold: MoldPort) => mold.start("deleteNetwork", {} as never)],
  ["the end of a job", async (mold: MoldPort) => (await mold.start("deleteNetwork", {} as never)).done()],
])("after %s that changes something, lists that were looked at together are asked for anew", async (_what, change) => {
  const { session, lists } = sessionWith();
  const world = session.world(undefined, declaredBy);
  const looking = sharedLists(world);
  await looking.list("listZones", {});
  await looking.list("listZones", {});
  expect(lists()).toBe(1);
  await change(world.mold);
  await looking.list("listZones", {});
  expect(lists()).toBe(2);
});

test("a command that only looks leaves them", async () => {
  const { session, lists } = sessionWith();
  const world = session.world(undefined, declaredBy);
  await sharedLists(world).list("listZones", {});
  await world.mold.call("listCapabilities", {}).then((answer: Answer<"listCapabilities">) => answer);
  await sharedLists(world).list("listZones", {});
  expect(lists()).toBe(1);
});

test("a cluster's own API has one client, another cluster at the same address its own", () => {
  let made = 0;
  const { session } = sessionWith({ createKubernetes: () => ({ made: ++made }) as never });
  const { kubernetes } = session.world(undefined, declaredBy);
  const access = { endpoint: "https://203.0.113.7:6443", caCertificate: "one", clientCertificate: "c", clientKey: "k" };
  expect(kubernetes(access)).toBe(kubernetes({ ...access }));
  kubernetes({ ...access, caCertificate: "two" });
  expect(made).toBe(2);
});

describe("runs", () => {
  test("a run is named by host and process, with nothing that a lock's value is parted at", () => {
    expect(runId()).toMatch(new RegExp(`^${hostname().replace(/[^A-Za-z0-9-]/g, "-")}(-[0-9a-f]{8})?\\.${process.pid}\\.[0-9a-f]{8}$`));
    expect(runId()).not.toContain(":");
    expect(runId()).not.toBe(runId());
  });

  const runOf = (pid: number): string => runId().replace(`.${process.pid}.`, `.${pid}.`);

  test("this run has not ended", () => expect(runEnded(runId())).toBe(false));

  test("a run of this host whose process is gone has ended", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    expect(runEnded(runOf(pid))).toBe(true);
  });

  test("a run whose process still works has not ended", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      expect(runEnded(runOf(child.pid!))).toBe(false);
    } finally {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
    }
    expect(runEnded(runOf(child.pid!))).toBe(true);
  });

  test.each(["elsewhere.1.abcdef01", "nonsense", ""])("of a run of another host (%p) nothing is known", (run) => expect(runEnded(run)).toBe(false));
});
