import fc from "fast-check";
import { createMoldClient } from "../../provider/mold/client";
import type { ConnectionSettings } from "../../provider/mold/connection";
import { paceMs } from "../../provider/mold/jobs";
import { moldErrorOf } from "./rejection";
import { answered, type Call, KeptLog, refused, type Reply, scriptedTransport, settings } from "./scripted-mold";
import { VirtualClock } from "./virtual-clock";

interface Options {
  /** Milliseconds that job number n takes. */
  readonly takes: (n: number) => number;
  readonly result?: (n: number) => unknown;
  readonly failing?: (n: number) => boolean;
  /** What listAsyncJobs answers with. Default: as documented, the pending jobs. */
  readonly list?: (pending: readonly string[], all: readonly string[]) => Reply;
  readonly fault?: (call: Call, now: number) => Reply | undefined;
  readonly settings?: Partial<ConnectionSettings>;
}

/** A server whose jobs take a set virtual time. */
function jobServer(options: Options) {
  const clock = new VirtualClock();
  const began = clock.now();
  const jobs = new Map<string, { readonly n: number; readonly ends: number }>();
  const { transport, calls } = scriptedTransport((call) => {
    const { command, params } = call;
    const fault = options.fault?.(call, clock.now() - began);
    if (fault) return fault;
    if (command === "listAsyncJobs") {
      const pending = [...jobs].filter(([, { ends }]) => ends > clock.now()).map(([id]) => id);
      if (options.list) return options.list(pending, [...jobs.keys()]);
      return answered(command, pending.length > 0 ? { count: pending.length, asyncjobs: pending.map((jobid) => ({ jobid, jobstatus: 0 })) } : {});
    }
    if (command === "queryAsyncJobResult") {
      const job = jobs.get(params.jobid ?? "");
      if (!job) return refused(command, 431, "entity does not exist");
      if (job.ends > clock.now()) return answered(command, { jobid: params.jobid, jobstatus: 0 });
      if (options.failing?.(job.n)) return answered(command, { jobid: params.jobid, jobstatus: 2, jobresultcode: 530, jobresult: { errorcode: 533, errortext: "No destination found" } });
      return answered(command, { jobid: params.jobid, jobstatus: 1, jobresult: options.result?.(job.n) ?? { virtualmachine: { id: `m${job.n}`, state: "Running" } } });
    }
    const n = jobs.size;
    jobs.set(`j${n}`, { n, ends: clock.now() + options.takes(n) });
    return answered(command, { id: `m${n}`, jobid: `j${n}` });
  });
  const client = createMoldClient(settings(options.settings), { clock, log: new KeptLog(), transport, random: () => 0 });
  const asked = (command: string): number => calls.filter((call) => call.command === command).length;
  return { client, clock, began, calls, asked };
}
const machine = { zoneid: "z", serviceofferingid: "s", templateid: "t" };

describe("a job", () => {
  test("gives the id of what it makes before it is done, and its object when it is", async () => {
    const { client, clock, began, asked } = jobServer({ takes: () => 12_600 });
    const job = await client.start("deployVirtualMachine", machine);
    expect([job.id, job.jobId, clock.now() - began, asked("queryAsyncJobResult")]).toEqual(["m0", "j0", 0, 0]);
    expect(await job.done()).toEqual({ id: "m0", state: "Running" });
    expect(clock.now() - began).toBeLessThan(12_600 * 1.1);
  });

  test("asked for twice is waited for once", async () => {
    const { client, asked } = jobServer({ takes: () => 200 });
    const job = await client.start("deployVirtualMachine", machine);
    const [first, second] = await Promise.all([job.done(), job.done()]);
    expect(first).toBe(second);
    expect(asked("queryAsyncJobResult")).toBe(1);
  });

  test("that nobody waits for is not asked about", async () => {
    const { client, clock, asked } = jobServer({ takes: () => 200 });
    await client.start("deployVirtualMachine", machine);
    await clock.sleep(60_000);
    expect(asked("queryAsyncJobResult")).toBe(0);
  });

  test("that fails rejects with Mold's code and words, the resource, and the job", async () => {
    const { client } = jobServer({ takes: () => 1_000, failing: () => true });
    const error = await moldErrorOf(client.run("deployVirtualMachine", machine, { resource: "KubernetesCluster prod: machine prod-worker-2" }));
    expect(error).toMatchObject({ kind: "capacity", code: 533, said: "No destination found", jobId: "j0" });
    expect(error.message).toMatch(/^KubernetesCluster prod: machine prod-worker-2: deployVirtualMachine failed in Mold \(533, job j0\): "No destination found"\. No host has room/);
  });

  test("that fails keeps the secrets of its call out of the error, even when Mold repeats them", async () => {
    const said = answered("queryAsyncJobResult", { jobid: "j0", jobstatus: 2, jobresult: { errorcode: 530, errortext: "can't use hunter22" } });
    const { client } = jobServer({ takes: () => 0, fault: ({ command }) => (command === "queryAsyncJobResult" ? said : undefined) });
    const error = await moldErrorOf(client.run("deployVirtualMachine", { ...machine, password: "hunter22" }));
    expect(error.said).toBe("can't use [redacted]");
    expect(error.message).not.toContain("hunter22");
  });

  test("that only says success resolves with that, and with success false rejects", async () => {
    const tags = { resourcetype: "UserVm", resourceids: ["1"], tags: [{ key: "a", value: "b" }] };
    expect(await jobServer({ takes: () => 0, result: () => ({ success: true }) }).client.run("createTags", tags)).toEqual({ success: true });
    const { client } = jobServer({ takes: () => 0, result: () => ({ success: false, displaytext: "no" }) });
    expect((await moldErrorOf(client.run("createTags", tags))).said).toBe("no");
  });

  test("that Mold has cancelled is waited for no longer", async () => {
    const cancelled = answered("queryAsyncJobResult", { jobid: "j0", jobstatus: 3, jobresultcode: 0 });
    const { client, clock, began } = jobServer({ takes: () => 1e9, fault: ({ command }) => (command === "queryAsyncJobResult" ? cancelled : undefined) });
    expect(await moldErrorOf(client.run("deployVirtualMachine", machine))).toMatchObject({ kind: "refused", code: 530, said: "the job was cancelled", jobId: "j0" });
    expect(clock.now() - began).toBeLessThan(1_000);
  });

  test("that takes too long is an error that names it and says that it may go on", async () => {
    const { client, clock, began } = jobServer({ takes: () => 1e9 });
    const error = await moldErrorOf(client.run("deployVirtualMachine", machine, { timeoutMs: 90_000 }));
    expect(error).toMatchObject({ kind: "timeout", jobId: "j0", message: expect.stringMatching(/not ended within 90 s.*Job j0 may still be running/) });
    expect(clock.now() - began).toBe(90_000);
  });

  test("has the connection's time where the call names none", async () => {
    const { client, clock, began } = jobServer({ takes: () => 1e9, settings: { jobTimeoutSeconds: 7 } });
    await moldErrorOf(client.run("deployVirtualMachine", machine));
    expect(clock.now() - began).toBe(7_000);
  });

  test("that Mold no longer knows is an error at once", async () => {
    const { client } = jobServer({ takes: () => 1e9, fault: ({ command }) => (command === "queryAsyncJobResult" ? refused(command, 431, "entity does not exist") : undefined) });
    expect((await moldErrorOf(client.run("deployVirtualMachine", machine))).message).toMatch(/job j0, which can't be asked about.*run again/s);
  });

  test("can be given up by its signal, and by closing the client", async () => {
    const { client, clock } = jobServer({ takes: () => 1e9 });
    const giveUp = new AbortController();
    const reason = new Error("the user gave up");
    const job = await client.start("deployVirtualMachine", machine, { signal: giveUp.signal });
    void clock.sleep(3_000).then(() => giveUp.abort(reason));
    await expect(job.done()).rejects.toBe(reason);
    const other = await client.start("deployVirtualMachine", machine);
    void clock.sleep(3_000).then(() => client.close());
    await expect(other.done()).rejects.toThrow("closed");
  });

  test("answered at once by a server of another release is done already", async () => {
    const { client } = jobServer({ takes: () => 0, fault: ({ command }) => answered(command, { virtualmachine: { id: "m9" } }) });
    const job = await client.start("deployVirtualMachine", machine);
    expect([job.id, await job.done()]).toEqual(["m9", { id: "m9" }]);
  });
});

describe("while Mold is away", () => {
  const away =
    (from: number, to: number) =>
    ({ command }: Call, now: number): Reply | undefined => {
      if (command !== "queryAsyncJobResult" || now < from || now >= to) return undefined;
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    };

  test("for less than a minute, jobs are waited for", async () => {
    const { client } = jobServer({ takes: () => 20_000, fault: away(5_000, 50_000) });
    expect(await client.run("deployVirtualMachine", machine)).toMatchObject({ id: "m0" });
  });

  test("several times for less than a minute, jobs are waited for", async () => {
    const [first, second] = [away(5_000, 50_000), away(70_000, 120_000)];
    const { client } = jobServer({ takes: () => 150_000, fault: (call, now) => first(call, now) ?? second(call, now) });
    expect(await client.run("deployVirtualMachine", machine)).toMatchObject({ id: "m0" });
  });

  test("for longer, they end in an error that names the job", async () => {
    const { client, clock, began } = jobServer({ takes: () => 20_000, fault: away(5_000, 1e9) });
    const error = await moldErrorOf(client.run("deployVirtualMachine", machine));
    expect(error).toMatchObject({ kind: "unreachable", jobId: "j0" });
    expect(clock.now() - began).toBeLessThan(90_000);
  });
});

describe("many jobs", () => {
  const deploy = async (server: ReturnType<typeof jobServer>, count: number): Promise<unknown[]> => Promise.all(Array.from({ length: count }, () => server.client.run("deployVirtualMachine", machine)));
  // Four at a time, as a real server places machines.
  const placed = (n: number): number => 12_600 * (1 + Math.floor(n / 4));

  test("all end with their own object, hardly later than the last one does", async () => {
    const server = jobServer({ takes: placed });
    const ended = await deploy(server, 105);
    expect(ended).toEqual(Array.from({ length: 105 }, (_, n) => ({ id: `m${n}`, state: "Running" })));
    expect(server.clock.now() - server.began).toBeLessThan(placed(104) * 1.05);
  });

  test("are asked about together: one list for all that are pending, a query for each that has ended", async () => {
    const server = jobServer({ takes: placed });
    await deploy(server, 105);
    expect(server.asked("queryAsyncJobResult")).toBeLessThan(105 * 1.5);
    expect(server.asked("listAsyncJobs")).toBeLessThan(250);
  });

  test.each<[string, Options["list"]]>([
    ["lists finished jobs too", (pending, all) => answered("listAsyncJobs", { count: all.length, asyncjobs: all.map((jobid) => ({ jobid, jobstatus: pending.includes(jobid) ? 0 : 1 })) })],
    ["lists nothing, as with another account's jobs", () => answered("listAsyncJobs", {})],
    ["has no such command", () => refused("listAsyncJobs", 432, "not available")],
    ["has more jobs than a page", (pending) => answered("listAsyncJobs", { count: 10_000, asyncjobs: pending.slice(0, 1).map((jobid) => ({ jobid, jobstatus: 0 })) })],
  ])("end just the same on a server that %s", async (_, list) => {
    const server = jobServer({ takes: placed, list });
    expect((await deploy(server, 20)).length).toBe(20);
    expect(server.clock.now() - server.began).toBeLessThan(placed(19) * 1.1);
  });

  test("a list that tells nothing is asked for once", async () => {
    const server = jobServer({ takes: placed, list: () => answered("listAsyncJobs", {}) });
    await deploy(server, 20);
    expect(server.asked("listAsyncJobs")).toBe(1);
  });

  test("are each noticed within the pace of their age, whenever they begin and end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ after: fc.nat(20_000), takes: fc.nat(30_000) }), { minLength: 1, maxLength: 12 }), async (orders) => {
        const byStart: number[] = [];
        const server = jobServer({ takes: (n) => orders[byStart[n] as number]?.takes ?? 0 });
        const ends = await Promise.all(
          orders.map(async ({ after, takes }, index) => {
            await server.clock.sleep(after);
            byStart.push(index);
            const job = await server.client.start("deployVirtualMachine", machine);
            await job.done();
            return { late: server.clock.now() - server.began - after - takes, takes };
          }),
        );
        for (const { late, takes } of ends) {
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThanOrEqual(Math.max(paceMs(takes) * 1.25, 500));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("one that fails does not disturb the others", async () => {
    const server = jobServer({ takes: placed, failing: (n) => n === 3 });
    const ended = await Promise.allSettled(Array.from({ length: 8 }, () => server.client.run("deployVirtualMachine", machine)));
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled", "fulfilled"]);
  });
});
