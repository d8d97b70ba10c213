/**
 * Promise 1: killed at any call and run again, it ends in the same state. A process that dies has no effect afterwards, and the
 * next one knows nothing but what an engine had recorded and what Mold shows.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultOrder } from "../../../provider/emulator";
import { Cloud, type KillAt, type Run, type UserName } from "../world/cloud";
import { create, declaration, destroy, type Recorded } from "../world/cluster";

export const declared = declaration({ controlPlanes: 3, workers: 1, apiAccess: { cidrList: ["127.0.0.0/8"] } });

/**
 * Kills at every second call, once before it and once after it: to the world, killed before a call is killed after the one that came before it, so that each
 * moment between two calls is looked at once. Of those that are followed by a second kill at the same place, every third, for else these sweeps alone take
 * a quarter of an hour. `SWEEP_EVERY=1` looks at every call in both, `SWEEP_EVERY=10` at every tenth: for the hurried.
 */
export const every = (twice?: "twice"): number => Number(process.env.SWEEP_EVERY ?? (twice ? 3 : 2));

async function attempt(cloud: Cloud, run: Run, work: Promise<unknown>): Promise<void> {
  await cloud.clock.run(work).catch((error: unknown) => {
    if (!run.wasKilled) throw error;
  });
}

export interface Outcome {
  readonly cloud: Cloud;
  /** Of the first run. */
  readonly calls: readonly string[];
  readonly killed: boolean;
  readonly recorded: Recorded;
}

/** A create, killed or not, and the next run if it was. */
export async function createdBy(user: UserName, options: { killAt?: KillAt; fault?: FaultOrder; state?: string } = {}): Promise<Outcome> {
  const cloud = new Cloud({ expungeDelay: 150_000, ...(options.state ? { state: options.state } : {}) });
  if (options.fault) cloud.emulator.faults.order(options.fault);
  const recorded: Recorded = {};
  const first = cloud.newRun({ user, ...(options.killAt ? { killAt: options.killAt } : {}) });
  await attempt(cloud, first, create(first, recorded, declared));
  if (first.wasKilled) await attempt(cloud, first, create(cloud.newRun({ user }), recorded, declared));
  return { cloud, calls: first.calls, killed: first.wasKilled, recorded };
}

/** Deletes of one and the same cluster, each from a copy of it. */
export async function deleter(user: UserName): Promise<{ run(killAt?: KillAt): Promise<Outcome>; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "sweep-"));
  const whole = join(folder, "whole");
  const made = await createdBy(user, { state: whole });
  const then = made.cloud.clock.now();
  await made.cloud.emulator.close();
  return {
    async run(killAt) {
      const copy = join(folder, "copy");
      copyFileSync(whole, copy);
      const cloud = new Cloud({ expungeDelay: 150_000, state: copy }, then);
      const recorded = { ...made.recorded };
      const first = cloud.newRun({ user, ...(killAt ? { killAt } : {}) });
      await attempt(cloud, first, destroy(first, recorded, declared));
      if (first.wasKilled) await attempt(cloud, first, destroy(cloud.newRun({ user }), recorded, declared));
      return { cloud, calls: first.calls, killed: first.wasKilled, recorded };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** What the simulated machines themselves hold to be wrong: a second etcd under one CA first of all. */
export const violations = (cloud: Cloud): unknown[] => (JSON.parse(cloud.emulator.snapshot()) as { hypervisor?: { violations?: unknown[] } }).hypervisor?.violations ?? [];

export function difference(a: string, b: string): string {
  const [left, right] = [a.split("\n"), b.split("\n")];
  return [...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`), ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`)].slice(0, 20).join("\n");
}

/** Sweeps a create, killed at every call, and says what went wrong. */
export async function sweepCreate(user: UserName, when: KillAt["when"]): Promise<{ wrong: string[]; kills: number; calls: number }> {
  const undisturbed = await createdBy(user);
  const goal = undisturbed.cloud.state();
  const wrong: string[] = [];
  let kills = 0;
  for (let call = 1; call <= undisturbed.calls.length; call += every()) {
    const where = `killed ${when} call ${call} (${undisturbed.calls[call - 1]})`;
    try {
      const { cloud, killed } = await createdBy(user, { killAt: { call, when } });
      if (killed) kills += 1;
      if (cloud.state() !== goal) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
      if (violations(cloud).length > 0) wrong.push(`${where}: ${JSON.stringify(violations(cloud))}`);
    } catch (error) {
      wrong.push(`${where}: ${(error as Error).message}`);
    }
  }
  return { wrong, kills, calls: undisturbed.calls.length };
}

export async function sweepDelete(user: UserName, when: KillAt["when"]): Promise<{ wrong: string[]; kills: number; calls: number }> {
  const deletes = await deleter(user);
  const undisturbed = await deletes.run();
  const wrong: string[] = [];
  let kills = 0;
  for (let call = 1; call <= undisturbed.calls.length; call += every()) {
    const where = `killed ${when} call ${call} (${undisturbed.calls[call - 1]})`;
    try {
      const { cloud, killed } = await deletes.run({ call, when });
      if (killed) kills += 1;
      if (!cloud.emulator.isEmpty()) wrong.push(`${where}: left over\n${cloud.state()}`);
    } catch (error) {
      wrong.push(`${where}: ${(error as Error).message}`);
    }
  }
  deletes.close();
  return { wrong, kills, calls: undisturbed.calls.length };
}

/** A job of every kind still pending when the next run starts: it takes longer than the dead run's lock holds. */
export async function sweepPendingJobs(user: UserName): Promise<{ wrong: string[]; jobs: number }> {
  const undisturbed = await createdBy(user);
  const goal = undisturbed.cloud.state();
  const jobs = undisturbed.calls.flatMap((command, at) => (startsJob(command) ? [{ command, call: at + 1 }] : []));
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  for (const { command, call } of jobs) {
    const skip = seen.get(command) ?? 0;
    seen.set(command, skip + 1);
    const where = `killed after call ${call} (${command}), its job pending`;
    try {
      const { cloud } = await createdBy(user, { killAt: { call, when: "after" }, fault: { kind: "slowJob", command, skip, ms: 400_000 } });
      if (cloud.state() !== goal) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
      if (violations(cloud).length > 0) wrong.push(`${where}: ${JSON.stringify(violations(cloud))}`);
    } catch (error) {
      wrong.push(`${where}: ${(error as Error).message}`);
    }
  }
  return { wrong, jobs: jobs.length };
}

const startsJob = (command: string): boolean => /^(create(Tags|Firewall|LoadBalancer|Affinity|Kubernetes)|deleteTags|deploy|associate|assign|attach|detach)/.test(command);
