/** Promise 1 for changes of a cluster that is there: killed at any call, once or twice, and run again, it ends in the same state. */
import type { KillAt } from "../world/cloud";
import { declaration } from "../world/cluster";
import { Life } from "../world/life";
import { intentsLeft, locksLeft, MadeCluster } from "../world/made";
import { deployment } from "../world/workloads";
import { difference, every, violations } from "./sweep";

export interface Change {
  readonly from: Record<string, unknown>;
  /** What is done first, undisturbed. */
  readonly before?: Record<string, unknown>;
  readonly to: Record<string, unknown>;
  /** What is done afterwards, before states are compared. */
  readonly then?: Record<string, unknown>;
  /** What two ends are not compared by beyond what is left out anyhow. */
  readonly plain?: (text: string) => string;
}

/** Longer than anything takes to come to rest by itself: a node that is off is Ready for 40 seconds more. */
export const restMs = 120_000;

const cluster = (workers: number, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers, apiAccess: { cidrList: ["127.0.0.0/8"] }, ...more });
const small = (version: string, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 1, workers: 2, version, ...more });
const stopped = { powerState: "stopped" };
const nodes = (entries: object): object => ({ nodes: entries });
const disks = (rootDiskGb: number): Record<string, unknown> => ({ ...cluster(2), workers: { count: 2, offering: "k8s-2c-4g", rootDiskGb } });

export const changes = {
  "more workers": { from: cluster(2), to: cluster(4) },
  "fewer workers": { from: cluster(3), to: cluster(1) },
  // How the nodes looked at the last moment hangs on when that was: compared is what it starts with again.
  "another description, other comments": { from: small("1.35", { comments: ["ask Min", "weekly"] }), to: small("1.35", { description: "Payments", comments: ["ask Min", "monthly"] }) },
  stop: { from: cluster(2), to: cluster(2, stopped), then: cluster(2) },
  start: { from: cluster(2), before: cluster(2, stopped), to: cluster(2) },
  "more control planes": { from: declaration({ controlPlanes: 1, workers: 1 }), to: declaration({ controlPlanes: 3, workers: 1 }) },
  "fewer control planes": { from: declaration({ controlPlanes: 3, workers: 1 }), to: declaration({ controlPlanes: 1, workers: 1 }) },
  "other offerings": { from: cluster(2), to: cluster(2, { offerings: { controlPlane: "k8s-4c-8g", workers: "k8s-4c-8g" } }) },
  // A second text: the record of the first goes, too.
  reboots: { from: cluster(2, nodes({ "prod-worker-1": { reboot: "one" } })), to: cluster(2, nodes({ "prod-worker-1": { reboot: "two" }, "prod-control-1": { reboot: "two" } })) },
  "a worker replaced": { from: cluster(2), to: cluster(2, nodes({ "prod-worker-1": { replace: "disk" } })) },
  "a control plane replaced": { from: cluster(1), to: cluster(1, nodes({ "prod-control-1": { replace: "disk" } })) },
  "a control plane replaced, old one first": { from: cluster(1, { affinity: "required" }), to: cluster(1, { affinity: "required", ...nodes({ "prod-control-1": { replace: "disk" } }) }) },
  "a worker deleted by name": { from: cluster(3), to: cluster(2, nodes({ "prod-worker-1": { delete: true } })) },
  "larger root disks": { from: disks(20), to: disks(40) },
  "fewer workers while stopped, then start": { from: cluster(2), before: cluster(1, stopped), to: cluster(1) },
  // The node of the one that went is still there, and Ready for 40 seconds.
  "fewer workers while stopped, more with the start": { from: small("1.35"), before: small("1.35", { ...stopped, workers: 1 }), to: small("1.35") },
  upgrade: { from: cluster(2, { version: "1.34" }), to: cluster(2, { version: "1.35" }) },
  "upgrade by replacing": { from: small("1.34"), to: small("1.35", { upgrade: { strategy: "replace", maxSurge: 1 } }) },
  "upgrade by replacing, old ones first": { from: small("1.34"), to: small("1.35", { upgrade: { strategy: "replace" } }) },
  "upgrade with a surge": { from: small("1.34"), to: small("1.35", { upgrade: { maxSurge: 1 } }) },
} satisfies Record<string, Change>;

export const changeNames = Object.keys(changes) as (keyof typeof changes)[];

/**
 * The calls to kill at, from 1. A wait looks again and again, and dozens of looks in a row tell the same: of such a row the first
 * two, the last two and every fifth.
 */
export function momentsOf(calls: readonly string[], step: number): number[] {
  const sameRow = (a: number, b: number): boolean => calls.slice(Math.min(a, b), Math.max(a, b) + 1).every((call) => call === calls[a]);
  const isDull = (at: number): boolean => at % 5 !== 0 && sameRow(at - 2, at) && sameRow(at, at + 2) && at >= 2 && at + 2 < calls.length;
  return calls.flatMap((_, at) => (at % step === 0 && !isDull(at) ? [at + 1] : []));
}

/** Sweeps one change, killed at every call; `twice`: the second run is killed as well, as far on as the first. */
export async function sweepChange({ from, before, to, then, plain = (text) => text }: Change, when: KillAt["when"], twice?: "twice"): Promise<{ wrong: string[]; kills: number; moments: number }> {
  const made = await MadeCluster.make(from);
  const begin = async (): Promise<Life> => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    if (before) await life.up(before);
    return life;
  };
  /** By name and state right after the change; and all of it once it has come to rest. */
  const outcome = async (life: Life): Promise<string> => {
    const machines = plain(JSON.stringify(life.machines));
    if (then) await life.up(then);
    await life.cloud.clock.pass(restMs);
    return `${machines}\n${plain(life.cloud.state())}`;
  };
  try {
    const undisturbed = await begin();
    await undisturbed.up(to);
    const { calls } = undisturbed.run;
    const goal = await outcome(undisturbed);
    const wrong: string[] = [];
    let kills = 0;
    const moments = momentsOf(calls, every(twice));
    for (const call of moments) {
      const where = `killed ${when} call ${call} (${calls[call - 1]})${twice ? ", twice" : ""}`;
      const life = await begin();
      try {
        await life.up(to, { killAt: { call, when } });
        if (life.run.wasKilled) {
          kills += 1;
          if (twice) await life.up(to, { killAt: { call, when } });
          await life.up(to);
        }
        const left = await life.plan();
        if (left.length > 0) wrong.push(`${where}: still to do: ${left.join("; ")}`);
        const state = await outcome(life);
        if (state !== goal) wrong.push(`${where}: another state\n${difference(goal, state)}`);
        if (violations(life.cloud).length > 0) wrong.push(`${where}: ${JSON.stringify(violations(life.cloud))}`);
        if (locksLeft(life.cloud).length + intentsLeft(life.cloud).length > 0) wrong.push(`${where}: a lock or an intent is left`);
      } catch (error) {
        wrong.push(`${where}: ${(error as Error).message}`);
      } finally {
        // Hundreds of them would keep their files open.
        await life.cloud.emulator.close();
      }
    }
    return { wrong, kills, moments: moments.length };
  } finally {
    made.close();
  }
}
