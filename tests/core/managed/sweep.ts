/** Promise 1 for making and unmaking a cluster that Mold runs: killed at any call, once or twice, it ends in the same state. */
import { Cloud, type KillAt, type Run, type UserName } from "../world/cloud";
import { create, destroy, type Recorded } from "../world/cluster";
import { MadeCluster } from "../world/made";
import { momentsOf } from "../sweeps/change";
import { difference, every, violations } from "../sweeps/sweep";
import { managed, plainState } from "./managed";

export interface Swept {
  readonly wrong: string[];
  readonly kills: number;
  readonly moments: number;
}

const declared = managed();

async function attempt(cloud: Cloud, run: Run, work: Promise<unknown>): Promise<void> {
  await cloud.clock.run(work).catch((error: unknown) => {
    if (!run.wasKilled) throw error;
  });
}

/** Runs until one is not killed: so many are. */
async function through(cloud: Cloud, user: UserName, kills: readonly KillAt[], work: (run: Run) => Promise<unknown>): Promise<{ first: Run; killed: number }> {
  let first: Run | undefined;
  let killed = 0;
  for (const killAt of [...kills, undefined]) {
    const run = cloud.newRun({ user, ...(killAt ? { killAt } : {}) });
    first ??= run;
    await attempt(cloud, run, work(run));
    if (!run.wasKilled) break;
    killed += 1;
  }
  return { first: first!, killed };
}

async function sweep(kills: (call: number) => readonly KillAt[], calls: readonly string[], outcome: (kills: readonly KillAt[]) => Promise<{ killed: number; state: string; broken: unknown[] }>, goal: string): Promise<Swept> {
  const wrong: string[] = [];
  let count = 0;
  const moments = momentsOf(calls, every(kills(1).length > 1 ? "twice" : undefined));
  for (const call of moments) {
    const where = `killed ${kills(call)[0]!.when} call ${call} (${calls[call - 1]})${kills(call).length > 1 ? ", twice" : ""}`;
    try {
      const { killed, state, broken } = await outcome(kills(call));
      count += Math.min(1, killed);
      if (state !== goal) wrong.push(`${where}: another state\n${difference(goal, state)}`);
      if (broken.length > 0) wrong.push(`${where}: ${JSON.stringify(broken)}`);
    } catch (error) {
      wrong.push(`${where}: ${(error as Error).message}`);
    }
  }
  return { wrong, kills: count, moments: moments.length };
}

export async function sweepManagedCreate(user: UserName, kills: (call: number) => readonly KillAt[]): Promise<Swept> {
  const make = async (at: readonly KillAt[]): Promise<{ calls: readonly string[]; killed: number; state: string; broken: unknown[] }> => {
    const cloud = new Cloud({ expungeDelay: 150_000 });
    const recorded: Recorded = {};
    const { first, killed } = await through(cloud, user, at, (run) => create(run, recorded, declared));
    return { calls: first.calls, killed, state: plainState(cloud.state()), broken: violations(cloud) };
  };
  const { calls, state } = await make([]);
  return sweep(kills, calls, make, state);
}

export async function sweepManagedDelete(user: UserName, kills: (call: number) => readonly KillAt[]): Promise<Swept> {
  const made = await MadeCluster.make(declared, { user });
  const end = async (at: readonly KillAt[]): Promise<{ calls: readonly string[]; killed: number; state: string; broken: unknown[] }> => {
    const { cloud, recorded } = made.open();
    const left: Recorded = { ...recorded };
    const { first, killed } = await through(cloud, user, at, (run) => destroy(run, left, declared));
    return { calls: first.calls, killed, state: cloud.emulator.isEmpty() ? "empty" : cloud.state(), broken: [] };
  };
  try {
    const { calls } = await end([]);
    return await sweep(kills, calls, end, "empty");
  } finally {
    made.close();
  }
}
