/**
 * Whatever goes wrong during a create, one of two things comes of it: it is done in the end, or an error says what failed, in Mold's
 * words, and what to do; and then the next run completes it, in the state of an undisturbed create.
 */
import { faultKinds, type FaultKind, type FaultOrder } from "../../provider/emulator";
import { Cloud } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, locksLeft } from "./world/made";
import { difference, violations } from "./sweeps/sweep";

const declared = declaration({ controlPlanes: 1, workers: 1, apiAccess: { cidrList: ["127.0.0.0/8"] }, timeouts: { create: 300 } });

/** All that change something while a cluster is made, and some that look. */
const changes = [
  "createNetwork",
  "createTags",
  "deleteTags",
  "associateIpAddress",
  "createAffinityGroup",
  "createLoadBalancerRule",
  "assignToLoadBalancerRule",
  "createFirewallRule",
  "deployVirtualMachine",
  "attachIso",
  "detachIso",
  "updateVirtualMachine",
];
const looks = ["listZones", "listVirtualMachines", "listNetworks", "queryAsyncJobResult"];
/** One of each sort: for faults after which a call is known not to have been taken. */
const some = ["createNetwork", "createTags", "associateIpAddress", "deployVirtualMachine", "attachIso", "updateVirtualMachine", ...looks];
const jobs = changes.filter((command) => command !== "createNetwork" && command !== "updateVirtualMachine");
/** The tags that a create writes one after another mean different things: the lock, the life, intents, whose it is. */
const tags = (order: Omit<FaultOrder, "command">): FaultOrder[] => Array.from({ length: 10 }, (_, skip) => ({ ...order, command: "createTags", skip: skip + 1 }));
const each = (commands: readonly string[], order: Omit<FaultOrder, "command">): FaultOrder[] => commands.map((command) => ({ ...order, command }));
const machines = (order: FaultOrder): FaultOrder[] => ["prod-control-1", "prod-worker-1"].map((name) => ({ ...order, name }));

/** A kind that is new to the emulator is missing here until somebody says when it is to strike. */
const moments: Record<FaultKind, readonly FaultOrder[]> = {
  jobFails: [...each(jobs, { kind: "jobFails", text: "the storage is away" }), ...tags({ kind: "jobFails", text: "the database is away" })],
  noCapacity: machines({ kind: "noCapacity" }),
  httpError: [...each(some, { kind: "httpError", code: 502 }), ...each(some, { kind: "httpError", effect: "after" })],
  droppedBefore: each(some, { kind: "droppedBefore" }),
  droppedAfter: [...each([...changes, ...looks], { kind: "droppedAfter" }), ...tags({ kind: "droppedAfter" })],
  slowAnswer: each(some, { kind: "slowAnswer", ms: 20_000 }),
  slowJob: each(["createTags", "associateIpAddress", "deployVirtualMachine", "attachIso"], { kind: "slowJob", ms: 120_000 }),
  jobPending: each(jobs, { kind: "jobPending" }),
  hostLost: [...machines({ kind: "hostLost" }), { kind: "hostLost", name: "prod-control-1", ms: 2000 }],
  machineNeverBoots: machines({ kind: "machineNeverBoots" }),
  nodeNeverReady: machines({ kind: "nodeNeverReady" }),
  rateLimit: [...each(some, { kind: "rateLimit" }), { kind: "rateLimit", count: 50 }],
  expiredCredentials: [...each(some, { kind: "expiredCredentials" }), { kind: "expiredCredentials", skip: 20, count: -1 }],
  processKilled: [...each(["createNetwork", "createTags", "deployVirtualMachine"], { kind: "processKilled" }), ...each(some, { kind: "processKilled", effect: "after" })],
  // Mold's own Kubernetes service runs none of these clusters: tests/core/managed.
  serviceFails: [],
  serviceHangs: [],
  serviceRestarts: [],
};

/** What happens before somebody runs it again, beside that the cause is gone: what the error says, or time. */
const cures: Partial<Record<FaultKind, (cloud: Cloud) => Promise<unknown>>> = {
  // The management server is started again.
  processKilled: (cloud) => cloud.clock.pass(10_000),
  // "A machine that never joins is made anew": after two hours, as long as it tries by itself.
  machineNeverBoots: (cloud) => cloud.clock.pass(7_200_000),
  nodeNeverReady: async (cloud) => {
    const mold = byHand(cloud);
    const [machine] = (await cloud.clock.run(mold.list("listVirtualMachines", {}))).filter(({ isoid }) => isoid);
    return cloud.clock.run(mold.run("rebootVirtualMachine", { id: machine!.id! }));
  },
};

let goal: string;
beforeAll(async () => {
  await sharedIdentity();
  const cloud = new Cloud();
  await cloud.clock.run(new Engine(declared).up(cloud.newRun()));
  goal = cloud.state();
});

const rows: string[] = [];
afterAll(() => {
  // Written at once: one line of jest's own would be around each otherwise.
  process.stdout.write(`${rows.join("\n")}\n`);
});

const described = ({ kind, command, name, skip, effect, count }: FaultOrder): string =>
  [kind.padEnd(18), String(command ?? name ?? "any call").padEnd(26), effect ?? "", skip ? `after ${skip}` : "", count && count !== 1 ? `${count} times` : ""].join(" ").trimEnd();

/** Nothing that a reader can act on, or that they must not see. */
function lacking(error: Error, order: FaultOrder): string[] {
  const { message } = error;
  const wrong: string[] = [];
  // What only looks serves all resources of a run; the engine says below which the message stands.
  if (!message.includes("prod") && !/^list/.test(message)) wrong.push("does not name the resource");
  if (order.kind === "jobFails" && !message.includes(order.text!)) wrong.push("lacks Mold's words");
  if (order.kind === "noCapacity" && !message.includes("No destination found")) wrong.push("lacks Mold's words");
  if (!/run again|running again|Run again|[Rr]un later|Check |add capacity|[Ll]ook (at|whether)/.test(message)) wrong.push("does not say what to do");
  if (/admin-secret|PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}/.test(message)) wrong.push("holds a secret");
  return wrong.map((each) => `${each}: ${message}`);
}

/** Those that befall Mold's own service have a sweep of their own (managed/faults.test.ts). */
const ofMoldsService: readonly FaultKind[] = ["serviceFails", "serviceHangs", "serviceRestarts"];

test.each(faultKinds.filter((kind) => !ofMoldsService.includes(kind)))("%s", async (kind) => {
  const wrong: string[] = [];
  for (const order of moments[kind]) {
    const what = described(order);
    const cloud = new Cloud();
    // Elsewhere time stands still while a call is on its way.
    if (kind === "slowAnswer") jest.spyOn(cloud.clock, "hold").mockImplementation((work) => work());
    cloud.emulator.faults.order(order);
    const engine = new Engine(declared);
    const began = cloud.clock.now();
    const first = await cloud.clock.run(engine.up(cloud.newRun())).then(() => undefined, (error: unknown) => error as Error);
    const struck = cloud.emulator.faults.standing().every(({ struck: times }) => times > 0);
    if (!struck) wrong.push(`${what}: never struck`);
    const took = Math.round((cloud.clock.now() - began) / 1000);
    let outcome = `done in ${took} s`;
    if (first) {
      outcome = `failed after ${took} s: ${first.message.split("\n")[0]!}`;
      wrong.push(...lacking(first, order).map((each) => `${what}: ${each}`));
      // The cause is gone, and somebody runs it again.
      cloud.emulator.faults.clear();
      cloud.emulator.faults.release();
      await cures[kind]?.(cloud);
      const second = await cloud.clock.run(engine.up(cloud.newRun())).then(() => undefined, (error: unknown) => error as Error);
      if (second) wrong.push(`${what}: ${first.message}\n  and the next run: ${second.message}`);
      outcome = `${second ? "NOT COMPLETED" : "completed by the next run"}; ${outcome}`;
    }
    rows.push(`${what.padEnd(62)} ${outcome.slice(0, 180)}`);
    if (cloud.state() !== goal) wrong.push(`${what}: another state\n${difference(goal, cloud.state())}`);
    if (violations(cloud).length > 0) wrong.push(`${what}: ${JSON.stringify(violations(cloud))}`);
    if (locksLeft(cloud).length > 0) wrong.push(`${what}: a lock is left`);
  }
  expect(wrong).toEqual([]);
  expect(moments[kind].length).toBeGreaterThan(0);
}, 120_000);
