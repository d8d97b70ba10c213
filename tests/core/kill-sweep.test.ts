/**
 * Promise 1: killed at any call and run again, it ends in the same state. Every call of a create and of a delete, before it is sent
 * and after it took effect, as an administrator and as a plain user who may not expunge.
 */
import { Cloud, leftOutOfComparison, type KillAt, type Run, type UserName } from "./world/cloud";
import { create, declaration, destroy, sharedIdentity, type Recorded } from "./world/cluster";

beforeAll(sharedIdentity);

const declared = declaration({ controlPlanes: 3, workers: 1, apiAccess: { cidrList: ["127.0.0.0/8"] } });

/** What the emulator's model itself holds to be wrong, a second etcd under one CA first of all. */
function violations(cloud: Cloud): unknown {
  return (JSON.parse(cloud.emulator.snapshot()) as { hypervisor?: { violations?: unknown } }).hypervisor?.violations ?? [];
}

async function attempt(cloud: Cloud, run: Run, work: Promise<unknown>): Promise<void> {
  await cloud.clock.run(work).catch((error: unknown) => {
    if (!run.wasKilled) throw error;
  });
}

async function createdBy(user: UserName, options: { killAt?: KillAt } = {}): Promise<{ cloud: Cloud; calls: string[]; recorded: Recorded; killed: boolean }> {
  const cloud = new Cloud({ expungeDelay: 600_000 });
  const recorded: Recorded = {};
  const first = cloud.newRun({ user, ...options });
  await attempt(cloud, first, create(first, recorded, declared));
  if (first.wasKilled) await attempt(cloud, first, create(cloud.newRun({ user }), recorded, declared));
  return { cloud, calls: first.calls, recorded, killed: first.wasKilled };
}

async function destroyedBy(user: UserName, killAt?: KillAt): Promise<{ cloud: Cloud; calls: string[] }> {
  const { cloud, recorded } = await createdBy(user);
  const first = cloud.newRun({ user, ...(killAt ? { killAt } : {}) });
  await attempt(cloud, first, destroy(first, recorded, declared));
  if (first.wasKilled) await attempt(cloud, first, destroy(cloud.newRun({ user }), recorded, declared));
  return { cloud, calls: first.calls };
}

const every = Number(process.env.SWEEP_EVERY ?? 1);

describe.each(["admin", "user"] as const)("as %s", (user) => {
  test.each(["before", "after"] as const)("a create that is killed %s any call is completed by the next run, in the same state", async (when) => {
    const undisturbed = await createdBy(user);
    const goal = undisturbed.cloud.state();
    const wrong: string[] = [];
    let kills = 0;
    for (let call = 1; call <= undisturbed.calls.length; call += every) {
      const { cloud, calls, killed } = await createdBy(user, { killAt: { call, when } }).catch((error: Error) => {
        throw new Error(`killed ${when} call ${call} (${undisturbed.calls[call - 1]}): ${error.message}`, { cause: error });
      });
      if (killed) kills += 1;
      if (cloud.state() !== goal) wrong.push(`killed ${when} call ${call} (${calls[call - 1]}): another state\n${difference(goal, cloud.state())}`);
      if (JSON.stringify(violations(cloud)) !== "[]") wrong.push(`killed ${when} call ${call}: ${JSON.stringify(violations(cloud))}`);
    }
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(undisturbed.calls.length / every / 2);
  }, 600_000);

  test.each(["before", "after"] as const)("a delete that is killed %s any call is completed by the next run, and nothing is left", async (when) => {
    const { calls } = await destroyedBy(user);
    const left: string[] = [];
    for (let call = 1; call <= calls.length; call += every) {
      const { cloud } = await destroyedBy(user, { call, when });
      if (!cloud.emulator.isEmpty()) left.push(`killed ${when} call ${call} (${calls[call - 1]}): ${cloud.state()}`);
    }
    expect(left).toEqual([]);
  }, 600_000);
});

test("what end states are not compared by is written down", () => {
  expect(leftOutOfComparison).toHaveLength(2);
});

function difference(a: string, b: string): string {
  const [left, right] = [a.split("\n"), b.split("\n")];
  return [...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`), ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`)].slice(0, 20).join("\n");
}
