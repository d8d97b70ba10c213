/**
 * Promise 1 for rules: killed before or after any call of a create, an update or a delete, or with a job of the dead run still
 * pending, the next run ends in the state of an undisturbed one, and nothing is left that says what was about to be made.
 */
import { rowsOnly } from "../../provider/emulator";
import type { Run } from "../core/world/cloud";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { intentsLeft, MadeCluster, type Opened } from "../core/world/made";
import { difference } from "../core/sweeps/sweep";
import { DeclaredRule } from "./rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
});
afterAll(() => made.close());

const cluster = "k3x9abcdef01";
const subjects: readonly [string, () => DeclaredRule, Readonly<Record<string, unknown>>][] = [
  ["firewall", () => DeclaredRule.networkRule("web", { cluster, kind: "firewall", protocol: "tcp", startPort: 443, tags: { team: "shop", tier: "front" } }), { tags: { team: "payments" } }],
  ["firewall, made anew", () => DeclaredRule.networkRule("web", { cluster, kind: "firewall", protocol: "tcp", startPort: 443 }), { cidrList: ["127.0.0.0/8"] }],
  [
    "portForward",
    () => DeclaredRule.networkRule("ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" }, tags: { team: "shop" } }),
    { target: { node: "prod-worker-1" }, tags: { team: "payments", note: "x" } },
  ],
  [
    "balancer",
    () => DeclaredRule.loadBalancer("ingress", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" }, tags: { team: "shop" } }),
    { members: { nodes: ["prod-worker-1"] }, algorithm: "source", description: "new", tags: { team: "payments" } },
  ],
  ["balancer, made anew", () => DeclaredRule.loadBalancer("ingress", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" } }), { privatePort: 31080 }],
];

interface Operation {
  readonly before?: (world: Opened, rule: DeclaredRule) => Promise<void>;
  readonly work: (rule: DeclaredRule, run: Run) => Promise<void>;
}

const operationsOf = (change: Readonly<Record<string, unknown>>): Readonly<Record<string, Operation>> => ({
  create: { work: (rule, run) => rule.up(run) },
  update: {
    before: async ({ cloud }, rule) => {
      await cloud.clock.run(rule.up(cloud.newRun()));
      rule.declare(change);
    },
    work: (rule, run) => rule.up(run),
  },
  delete: {
    before: ({ cloud }, rule) => cloud.clock.run(rule.up(cloud.newRun())),
    work: async (rule, run) => (rule.recorded ? rule.destroy(run) : undefined),
  },
});

const startsJob = (command: string): boolean => /^(create|delete|update|assign|remove)/.test(command);

describe.each(subjects)("%s", (about, declared, change) => {
  const operations = operationsOf(change);

  // One that is made anew differs in its change alone.
  test.each(Object.keys(operations).filter((name) => name === "update" || !about.endsWith("made anew")))("%s", async (name) => {
    const { before, work } = operations[name]!;
    const begun = async (): Promise<{ world: Opened; rule: DeclaredRule }> => {
      // What the machines do inside has no part in it.
      const world = made.open({ hypervisor: rowsOnly });
      const rule = declared();
      await before?.(world, rule);
      return { world, rule };
    };
    const undisturbed = await begun();
    const whole = undisturbed.world.cloud.newRun();
    await undisturbed.world.cloud.clock.run(work(undisturbed.rule, whole));
    const goal = undisturbed.world.cloud.state();
    const wrong: string[] = [];
    let tried = 0;

    const attempt = async (where: string, killAt: { call: number; when: "before" | "after" }, slow?: { command: string; skip: number }): Promise<void> => {
      const { world, rule } = await begun();
      const { cloud } = world;
      if (slow) cloud.emulator.faults.order({ kind: "slowJob", ms: 200_000, ...slow });
      const first = cloud.newRun({ killAt });
      await cloud.clock.run(work(rule, first)).catch((error: unknown) => {
        if (!first.wasKilled) throw error;
      });
      tried += 1;
      // Jobs that were begun end before the next run, unless that is what is tried.
      if (!slow) await cloud.clock.pass(3000);
      await cloud.clock.run(work(rule, cloud.newRun()));
      if (slow) {
        // What the dead run's job did after the second run had looked is seen and cleared up by a third.
        await cloud.clock.pass(200_000);
        await cloud.clock.run(work(rule, cloud.newRun()));
      }
      if (cloud.state() !== goal) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
      if (intentsLeft(cloud).length > 0) wrong.push(`${where}: left ${intentsLeft(cloud).join(", ")}`);
    };

    const skips = new Map<string, number>();
    for (let call = 1; call <= whole.calls.length; call++) {
      const command = whole.calls[call - 1]!;
      for (const when of ["before", "after"] as const) await attempt(`killed ${when} call ${call} (${command})`, { call, when }).catch((error: Error) => wrong.push(`killed ${when} call ${call} (${command}): ${error.message}`));
      if (!startsJob(command)) continue;
      const skip = skips.get(command) ?? 0;
      skips.set(command, skip + 1);
      const where = `killed after call ${call} (${command}), its job pending`;
      await attempt(where, { call, when: "after" }, { command, skip }).catch((error: Error) => wrong.push(`${where}: ${error.message}`));
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(whole.calls.length);
  }, 120_000);
});
