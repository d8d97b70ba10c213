/** A worker whose kubelet's certificate ended while it was off: let in again by the next up, and nothing that let it in stays. */
import { parse } from "yaml";
import { decodeUserData } from "../../provider/node/user-data";
import { declaration, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { Mishaps } from "./world/mishaps";

const declared = (more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 1, workers: 3, apiAccess: { cidrList: ["127.0.0.0/8"] }, ...more });
const workers = ["prod-worker-1", "prod-worker-2", "prod-worker-3"];
const longMs = 240_000;

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declared());
});
afterAll(() => made.close());

/** As its agent says it. */
async function certificatesEnd(life: Life, name: string, inMs: number): Promise<void> {
  const kubernetes = await life.kubernetes();
  await life.cloud.clock.run(kubernetes.annotateNode(name, { "ablestack.io/certificates-end": new Date(life.cloud.clock.now() + inMs).toISOString().replace(/\.\d+Z/, "Z") }));
}
/** What each `updateVirtualMachine` gives as user data from now on. */
function userData({ cloud: { emulator } }: Life): string[] {
  const given: string[] = [];
  const handle = emulator.handle.bind(emulator);
  jest.spyOn(emulator, "handle").mockImplementation((request) => {
    const query = new URLSearchParams(request.body);
    if (query.get("command") === "updateVirtualMachine") given.push(decodeUserData(query.get("userdata")!));
    return handle(request);
  });
  return given;
}
const tokens = (texts: readonly string[]): string[] => texts.flatMap((text) => text.match(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g) ?? []);
const calls = (life: Life): string[] => life.run.calls.filter((call) => /^(updateVirtualMachine|startVirtualMachine|rebootVirtualMachine|deleteTags)$|POST .*secrets|DELETE .*secrets/.test(call));
const isClean = (life: Life): void => expect(JSON.stringify(seen(life.cloud))).not.toContain("ablestack-readmitted");

test("one that is started gets a token of its own before, and loses it once it is Ready", async () => {
  const life = new Life(made);
  await certificatesEnd(life, "prod-worker-2", 60_000);
  await life.up(declared({ powerState: "stopped" }));
  await life.cloud.clock.pass(longMs);
  const all = userData(life);
  await life.up(declared());
  const [given, scrubbed, ...more] = all;
  expect(more).toEqual([]);
  const { bootcmd } = parse(given!) as { bootcmd: string[] };
  expect(bootcmd).toEqual([expect.stringMatching(/^umask 077\ncat >\/etc\/kubernetes\/bootstrap-kubelet\.conf <<'END'\n\{.*\}\nEND\n$/)]);
  expect(tokens([given!])).toHaveLength(1);
  expect(parse(scrubbed!)).toBeNull();
  expect(await life.plan()).toEqual([]);
  isClean(life);
});

test("its token is made once, though the order to make it is not answered, taken or not", async () => {
  for (const isTaken of [false, true]) {
    const life = new Life(made);
    await certificatesEnd(life, "prod-worker-2", 60_000);
    await life.up(declared({ powerState: "stopped" }));
    await life.cloud.clock.pass(longMs);
    const { emulator } = life.cloud;
    const answer = emulator.request.bind(emulator);
    let dropped = 0;
    jest.spyOn(emulator, "request").mockImplementation(async (host, port, request) => {
      if (request.method !== "POST" || !/secrets$/.test(request.path) || (dropped += 1) > 1) return answer(host, port, request);
      if (isTaken) await answer(host, port, request);
      return undefined;
    });
    const all = userData(life);
    await life.up(declared());
    jest.restoreAllMocks();
    expect(dropped).toBeGreaterThan(1);
    expect(tokens([all[0]!])).toHaveLength(1);
    // Nothing that would let anybody in is left.
    expect(calls(life).filter((call) => call.startsWith("kubernetes DELETE"))).toHaveLength(1);
    isClean(life);
  }
});

test("all of them are, at once, although so many NotReady workers are otherwise left alone", async () => {
  const life = new Life(made);
  const mishaps = new Mishaps(life.cloud);
  for (const name of workers) {
    await certificatesEnd(life, name, 60_000);
    await mishaps.hang(name);
  }
  await life.cloud.clock.pass(longMs);
  expect((await life.plan()).filter((step) => step.startsWith("reboot"))).toEqual(workers.map((name) => `reboot ${name} with what lets it in again (its kubelet's certificate has ended)`));
  const all = userData(life);
  await life.up(declared());
  const given = tokens(all);
  expect(new Set(given).size).toBe(3);
  expect(calls(life).filter((call) => call === "rebootVirtualMachine")).toHaveLength(3);
  expect(life.run.calls.filter((call) => call.includes("DELETE") && call.includes("secrets"))).toHaveLength(3);
  for (const line of life.run.lines) for (const token of given) expect(line).not.toContain(token);
  isClean(life);
});

test("one whose certificate has not ended gets nothing", async () => {
  const life = new Life(made);
  await certificatesEnd(life, "prod-worker-2", 365 * 86_400_000);
  await life.up(declared({ powerState: "stopped" }));
  const given = userData(life);
  await life.up(declared());
  expect(given).toEqual([]);
});

test.each(["before", "after"] as const)("a run that is killed %s any of its calls is gone on with, and leaves no join material", async (when) => {
  const undisturbed = new Life(made);
  const prepare = async (life: Life): Promise<void> => {
    await certificatesEnd(life, "prod-worker-1", 60_000);
    await new Mishaps(life.cloud).hang("prod-worker-1");
    await life.cloud.clock.pass(longMs);
  };
  await prepare(undisturbed);
  await undisturbed.up(declared());
  const all = undisturbed.run.calls.length;
  expect(all).toBeGreaterThan(10);
  for (let call = 1; call <= all; call += 1) {
    const life = new Life(made);
    await prepare(life);
    await life.up(declared(), { killAt: { call, when } });
    await life.cloud.clock.pass(longMs);
    await life.up(declared());
    isClean(life);
    const machines = await life.cloud.clock.run(byHand(life.cloud).list("listVirtualMachines", {}));
    for (const { id } of machines) {
      const { userdata } = (await life.cloud.clock.run(byHand(life.cloud).call("getVirtualMachineUserData", { virtualmachineid: id! }))) as { userdata?: string };
      expect(tokens([decodeUserData(userdata ?? "")])).toEqual([]);
    }
    expect(await life.plan()).toEqual([]);
  }
});
