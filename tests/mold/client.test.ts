import fc from "fast-check";
import { createMoldClient, type MoldClientOptions } from "../../provider/mold/client";
import type { ConnectionSettings } from "../../provider/mold/connection";
import { isReading, pauseMs } from "../../provider/mold/retry";
import { moldErrorOf } from "./rejection";
import { answered, apiKey, expectedSignature, KeptLog, refused, type Reply, type Script, scriptedTransport, secretKey, settings } from "./scripted-mold";
import { VirtualClock } from "./virtual-clock";

function clientOf(script: Script, over: Partial<ConnectionSettings> = {}, options: Partial<MoldClientOptions> = {}) {
  const { transport, calls } = scriptedTransport(script);
  const clock = new VirtualClock();
  const log = new KeptLog();
  return { calls, clock, log, transport, client: createMoldClient(settings(over), { clock, log, transport, random: () => 0.5, ...options }) };
}
const zone = { id: "z", name: "zone" };
const network = { name: "n", networkofferingid: "o", zoneid: "z" };
const webPage: Reply = { status: 503, headers: { "content-type": "text/html" }, body: "<html>Service Unavailable</html>" };

describe("calls", () => {
  test("resolve with the object inside the answer", async () => {
    const { client } = clientOf(({ command }) => answered(command, { network: { id: "7", name: "n" } }));
    expect(await client.call("createNetwork", network)).toEqual({ id: "7", name: "n" });
  });

  test("a list of one object can be called, a list of more can't", async () => {
    const { client } = clientOf(({ command }) => (command === "listCapabilities" ? answered(command, { capability: { cloudstackversion: "4.23" } }) : answered(command, { count: 2, zone: [zone, zone] })));
    expect(await client.call("listCapabilities", {})).toEqual({ cloudstackversion: "4.23" });
    await expect(client.call("listZones", {})).rejects.toThrow("use list");
  });

  test("what says that it did not succeed is an error, though it came with 200", async () => {
    const result = { count: 2, removevirtualmachinesfromkubernetesclusterresponse: [{ id: "a", success: true }, { id: "b", success: false, displaytext: "VM is not part of the cluster" }] };
    const { client } = clientOf(({ command }) => answered(command, result));
    const error = await moldErrorOf(client.call("removeVirtualMachinesFromKubernetesCluster", { id: "c", virtualmachineids: ["a", "b"] }));
    expect(error).toMatchObject({ kind: "refused", said: "b: VM is not part of the cluster" });
  });

  test("the project of the connection goes along", async () => {
    const { client, calls } = clientOf(({ command }) => answered(command, {}), { projectId: "p" });
    await client.list("listVirtualMachines", {});
    expect(calls[0]?.params).toMatchObject({ projectid: "p", page: "1", pagesize: "500" });
  });

  test("a wrong parameter name, or a job asked for as none, sends nothing", async () => {
    const { client, calls } = clientOf(() => ({}));
    await expect(client.call("createNetwork", { ...network, displayText: "x" } as never)).rejects.toThrow("no parameter displayText");
    await expect(client.call("deployVirtualMachine" as never, {} as never)).rejects.toThrow("use start or run");
    await expect(client.start("createNetwork" as never, network as never)).rejects.toThrow("use call");
    await expect(client.list("createNetwork" as never, network as never)).rejects.toThrow("not a list");
    expect(calls).toEqual([]);
  });

  test("no more than the set number are under way at once", async () => {
    let under = 0;
    let most = 0;
    const script: Script = async ({ command }) => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      return answered(command, {});
    };
    const { client, calls } = clientOf(script, { concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, () => client.list("listZones", {})));
    expect([calls.length, most]).toEqual([20, 3]);
  });

  test("take no virtual time", async () => {
    const { client, clock } = clientOf(async ({ command }) => {
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return answered(command, {});
    });
    const began = clock.now();
    const slept = clock.sleep(60_000);
    await client.list("listZones", {});
    expect(clock.now()).toBe(began);
    await slept;
  });
});

describe("what is repeated", () => {
  const dropped: Reply = { drop: true };
  const notThere = (): never => {
    throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:8080"), { code: "ECONNREFUSED" });
  };
  const throttled = (command: string): Reply => refused(command, 429, "The given user has reached his/her account api limit, please retry after 823 ms.");

  test.each<[string, (command: string) => Reply]>([
    ["a broken connection", () => dropped],
    ["no connection", notThere],
    ["a 503 from a proxy", () => webPage],
    ["Mold's limit on calls", throttled],
  ])("a list after %s", async (_, fault) => {
    const { client, calls } = clientOf(({ command }, nth) => (nth < 3 ? fault(command) : answered(command, { count: 1, zone: [zone] })));
    expect(await client.list("listZones", {})).toEqual([zone]);
    expect(calls.length).toBe(3);
  });

  test.each<[string, (command: string) => Reply]>([
    ["no connection", notThere],
    ["Mold's limit on calls", throttled],
  ])("a change after %s: the server can't have taken it", async (_, fault) => {
    const { client, calls } = clientOf(({ command }, nth) => (nth < 3 ? fault(command) : answered(command, { network: { id: "7" } })));
    expect(await client.call("createNetwork", network)).toEqual({ id: "7" });
    expect(calls.length).toBe(3);
  });

  test.each<[string, Reply]>([
    ["a broken connection", dropped],
    ["a 503 from a proxy", webPage],
    ["a 500 of Mold's own", refused("createNetwork", 530, "Internal error")],
  ])("never a change after %s: the server may have taken it", async (_, fault) => {
    const { client, calls } = clientOf(() => fault);
    const error = await moldErrorOf(client.call("createNetwork", network));
    expect(calls.length).toBe(1);
    expect(error.message).toMatch(/run again|running again/);
  });

  test.each<[string, Reply]>([
    ["credentials", refused("listZones", 401, "unable to verify user credentials and/or request signature")],
    ["a refusal", refused("listZones", 431, "Invalid parameter")],
    ["a web page", { status: 404, headers: { "content-type": "text/html" }, body: "<html>Not Found</html>" }],
    ["a page in place of the API", { status: 200, headers: { "content-type": "text/html" }, body: "<html>Welcome</html>" }],
    ["a redirect", { status: 302, headers: { location: "https://mold.example.com/client/?secret=1" }, body: "" }],
  ])("never anything after %s", async (_, fault) => {
    const { client, calls, clock } = clientOf(() => fault);
    const began = clock.now();
    await moldErrorOf(client.list("listZones", {}));
    expect([calls.length, clock.now() - began]).toEqual([1, 0]);
  });

  test("ends after a bounded number of times and a few seconds, with what went wrong last", async () => {
    const { client, calls, clock } = clientOf(notThere);
    const began = clock.now();
    const error = await moldErrorOf(client.list("listZones", {}));
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(error.message).toMatch(/nothing takes connections at http:\/\/127\.0\.0\.1:8080\/client\/api.*ablestack:apiUrl.*ECONNREFUSED/s);
    expect(calls.length).toBe(5);
    expect(clock.now() - began).toBeLessThan(5_000);
  });

  test("can be switched off", async () => {
    const { client, calls } = clientOf(notThere, { retries: 0 });
    await moldErrorOf(client.list("listZones", {}));
    expect(calls.length).toBe(1);
  });

  test("pauses double, never fall below half of that and stay bounded", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (repetition, random) => {
        const whole = Math.min(8_000, 250 * 2 ** (repetition - 1));
        const pause = pauseMs(repetition, random);
        expect(pause).toBeGreaterThanOrEqual(Math.floor(whole / 2));
        expect(pause).toBeLessThanOrEqual(whole);
      }),
    );
  });

  test("only what reads is reading", () => {
    expect(["listZones", "queryAsyncJobResult", "getVirtualMachineUserData"].every(isReading)).toBe(true);
    expect(["createTags", "getUploadParamsForKubernetesSupportedVersion", "login", "registerTemplate"].some(isReading)).toBe(false);
  });

  test("an error that is the program's own is passed on as it is", async () => {
    const { client, calls } = clientOf(() => {
      throw new TypeError("a slip");
    });
    await expect(client.list("listZones", {})).rejects.toThrow(TypeError);
    expect(calls.length).toBe(1);
  });
});

describe("credentials", () => {
  const wrong: Script = ({ command }) => refused(command, 401, "unable to verify user credentials and/or request signature");

  test("that are refused make one error that says what to check and which digest was used", async () => {
    const error = await moldErrorOf(clientOf(wrong, { name: "lab", digest: "sha1" }).client.list("listZones", {}));
    expect(error.kind).toBe("credentials");
    for (const part of ["ablestack:connections.lab.apiKey", "ablestack:connections.lab.secretKey", "clock", "ablestack:connections.lab.digest", "signed with sha1"]) expect(error.message).toContain(part);
    expect(error.message).not.toContain(apiKey);
    expect(error.message).not.toContain(secretKey);
  });

  test("a clock that is off is told by the server's own", async () => {
    const { client } = clientOf(({ command }) => ({ ...refused(command, 401, "unable to verify"), headers: { date: "Mon, 23 Nov 2026 14:45:00 GMT" } }));
    expect((await moldErrorOf(client.list("listZones", {}))).message).toContain("this machine's clock is 45 min behind the server's");
  });

  test("once let in, a 401 means a command that this Mold does not have", async () => {
    const { client } = clientOf((call, nth) => (nth === 1 ? answered(call.command, {}) : wrong(call, nth)));
    await client.list("listZones", {});
    expect((await moldErrorOf(client.list("listKubernetesClusters", {}))).message).toMatch(/is not known to this Mold.*listKubernetesClusters/);
  });

  test.each(["sha256", "sha1"] as const)("digest auto finds %s out by one question, however many calls wait for it", async (digest) => {
    const taken: string[] = [];
    const log = new KeptLog();
    const client = createMoldClient(settings({ digest: "auto" }), {
      clock: new VirtualClock(),
      log,
      transport: async ({ body }) => {
        const params = new Map(new URLSearchParams(body));
        const command = params.get("command") ?? "";
        taken.push(command);
        const { status, body: answer } = params.get("signature") === expectedSignature(params, digest) ? answered(command, {}) : refused(command, 401, "unable to verify");
        return { status: status ?? 200, headers: {}, body: JSON.stringify(answer) };
      },
    });
    await Promise.all([client.list("listZones", {}), client.list("listNetworks", {})]);
    expect(taken.filter((command) => command === "listCapabilities").length).toBe(digest === "sha256" ? 1 : 2);
    expect(taken.length).toBe(digest === "sha256" ? 3 : 4);
  });

  test("digest auto says so when neither is let in, and asks again next time", async () => {
    const { client, calls } = clientOf(wrong, { digest: "auto" });
    expect((await moldErrorOf(client.list("listZones", {}))).message).toMatch(/signed with sha256 nor with sha1.*ablestack:apiKey/);
    await moldErrorOf(client.list("listZones", {}));
    expect(calls.length).toBe(4);
  });
});

describe("pages", () => {
  const machines = Array.from({ length: 1203 }, (_, index) => ({ id: `m${index}` }));
  const paged =
    (greatest: number): Script =>
    ({ command, params }) => {
      const size = Number(params.pagesize);
      if (size > greatest) return refused(command, 431, `Page size can't exceed max allowed page size value: ${greatest}`);
      const page = machines.slice((Number(params.page) - 1) * size, Number(params.page) * size);
      return answered(command, { count: machines.length, ...(page.length > 0 ? { virtualmachine: page } : {}) });
    };

  test("are fetched until the count is reached", async () => {
    const { client, calls } = clientOf(paged(500));
    expect(await client.list("listVirtualMachines", {})).toEqual(machines);
    expect(calls.map(({ params }) => params.page)).toEqual(["1", "2", "3"]);
  });

  test("of the size the server allows, which is asked for once", async () => {
    const { client, calls } = clientOf(paged(401));
    expect(await client.list("listVirtualMachines", {})).toEqual(machines);
    expect(calls.map(({ params }) => params.pagesize)).toEqual(["500", "401", "401", "401"]);
    await client.list("listVirtualMachines", {});
    expect(calls.length).toBe(7);
  });

  test("several lists at once survive a smaller page size", async () => {
    const { client } = clientOf(paged(401));
    const all = await Promise.all([client.list("listVirtualMachines", {}), client.list("listVirtualMachines", {})]);
    expect(all).toEqual([machines, machines]);
  });

  test("a list that fits on a page is one call, and an empty one an empty array", async () => {
    const { client, calls } = clientOf(({ command }) => answered(command, {}));
    expect(await client.list("listVirtualMachines", {})).toEqual([]);
    expect(calls.length).toBe(1);
  });

  test("an end before the count is an end, and an item that moved between pages comes once", async () => {
    const { client } = clientOf(({ command, params }) => answered(command, { count: 900, ...(params.page === "1" ? { virtualmachine: machines.slice(0, 500) } : params.page === "2" ? { virtualmachine: machines.slice(499, 600) } : {}) }));
    expect(await client.list("listVirtualMachines", {})).toEqual(machines.slice(0, 600));
  });

  test.each([["once", [2], 6], ["with each page", [2, 3, 4, 5, 6, 7, 8, 9], 9]])("that something leaves %s while they are fetched are fetched again, not for ever: what moves to the page before would be missed", async (_, leaving, fetches) => {
    let there = machines;
    const { client, calls } = clientOf((call, nth) => {
      if (leaving.includes(nth)) there = there.slice(1);
      const page = there.slice((Number(call.params.page) - 1) * 500, Number(call.params.page) * 500);
      return answered(call.command, { count: there.length, virtualmachine: page });
    });
    const found = await client.list("listVirtualMachines", {});
    expect(calls.length).toBe(fetches);
    if (leaving.length === 1) expect(found).toEqual(machines.slice(1));
  });

  test("a page that was asked for is that page; a list without pages is asked for without", async () => {
    const { client, calls } = clientOf(paged(500));
    expect((await client.list("listVirtualMachines", { page: 2, pagesize: 5 })).length).toBe(5);
    await client.list("listCapabilities", {});
    expect(calls.map(({ params }) => [params.page, params.pagesize])).toEqual([["2", "5"], [undefined, undefined]]);
  });
});

describe("secrets", () => {
  test("of the connection and of the call stay out of logs and errors, even when the server repeats them", async () => {
    const userdata = "c2VjcmV0IHVzZXIgZGF0YQ==";
    const { client, log } = clientOf(({ command, params }) => refused(command, 431, `bad request ${JSON.stringify(params)} of ${secretKey}`));
    const error = await moldErrorOf(client.start("deployVirtualMachine", { zoneid: "z", serviceofferingid: "s", templateid: "t", userdata, password: "hunter22", details: [{ "root.password": "hunter33" }] }));
    const everything = [error.message, error.stack ?? "", error.said ?? "", JSON.stringify(error), ...log.lines].join("\n");
    for (const secret of [apiKey, secretKey, userdata, encodeURIComponent(userdata), "hunter22", "hunter33"]) expect(everything).not.toContain(secret);
    expect(everything).toContain("zoneid=z");
    expect(everything).toContain("userdata=[redacted]");
  });

  test("calls are logged with command, status and milliseconds", async () => {
    const { client, log } = clientOf(({ command }) => answered(command, {}));
    await client.list("listZones", { name: "zone" });
    expect(log.lines).toEqual([expect.stringMatching(/^debug mold listZones 200 in \d+ ms name=zone page=1 pagesize=500$/)]);
  });

  test("a connection that is open to anyone in between is warned about once", () => {
    expect(clientOf(() => ({}), { insecure: true, apiUrl: "https://mold.example.com/client/api" }).log.lines).toEqual([expect.stringContaining("accepts any certificate")]);
    expect(clientOf(() => ({}), { apiUrl: "http://mold.example.com/client/api" }).log.lines).toEqual([expect.stringContaining("is not encrypted")]);
    expect(clientOf(() => ({})).log.lines).toEqual([]);
  });
});

describe("observers", () => {
  test("see every sending and every answer, and end the call by throwing, with nothing repeated", async () => {
    class Killed extends Error {}
    const seen: string[] = [];
    const observed = (killAt: string): Partial<MoldClientOptions> => {
      const note = (event: string): void => {
        seen.push(event);
        if (event === killAt) throw new Killed();
      };
      return { onCall: (command) => note(`call ${command}`), onAnswer: (command, { status }) => note(`answer ${command} ${status}`) };
    };
    const before = clientOf(({ command }) => answered(command, {}), {}, observed("call listZones"));
    await expect(before.client.list("listZones", {})).rejects.toThrow(Killed);
    expect(before.calls.length).toBe(0);
    const after = clientOf(({ command }) => answered(command, {}), {}, observed("answer listZones 200"));
    await expect(after.client.list("listZones", {})).rejects.toThrow(Killed);
    expect(after.calls.length).toBe(1);
    expect(seen).toEqual(["call listZones", "call listZones", "answer listZones 200"]);
  });
});

describe("giving up", () => {
  test("before a call sends nothing; in a pause it ends the pause", async () => {
    const reason = new Error("the user gave up");
    const { client, calls } = clientOf(() => ({ drop: true }));
    await expect(client.list("listZones", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls.length).toBe(0);
    const giveUp = new AbortController();
    const list = clientOf(
      () => {
        setImmediate(() => giveUp.abort(reason));
        return { drop: true };
      },
      { retries: 1000 },
    ).client.list("listZones", {}, { signal: giveUp.signal });
    await expect(list).rejects.toBe(reason);
  });

  test("a change that is under way is seen through", async () => {
    const giveUp = new AbortController();
    const { client } = clientOf(({ command }) => {
      giveUp.abort(new Error("the user gave up"));
      return answered(command, { network: { id: "7" } });
    });
    expect(await client.call("createNetwork", network, { signal: giveUp.signal })).toEqual({ id: "7" });
  });

  test("after close nothing is sent", async () => {
    const { client, calls } = clientOf(({ command }) => answered(command, {}));
    client.close();
    await expect(client.list("listZones", {})).rejects.toThrow("closed");
    expect(calls.length).toBe(0);
  });
});
