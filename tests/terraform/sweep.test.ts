/**
 * Promise 1 through Terraform's front door: an apply killed at any call, and the next one, which knows nothing but the state that Terraform
 * had written, end where an undisturbed one does. The core's own sweeps look at every call; here it is every eleventh of them unless
 * SWEEP_EVERY=1 asks for all.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { difference, violations } from "../core/sweeps/sweep";
import { Cloud, type KillAt, type Run } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import { TerraformCore, type Declared, type State } from "./world/core";
import { overGrpc } from "./world/over-grpc";
import { balancer, cluster, firewall, identity, stateWithIdentity } from "./world/declared";

jest.setTimeout(1_200_000);

const every = Number(globalThis.process.env.SWEEP_EVERY ?? 11);
const small = [identity, cluster({ controlPlanes: 1, workers: 1 }), balancer(), firewall()];
const grown = [identity, cluster({ controlPlanes: 1, workers: 2, tags: { team: "payments" } }), balancer({ algorithm: "leastconn" }), firewall({ cidr_list: ["127.0.0.0/8"] })];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "terraform-sweep-"));
  await sharedIdentity();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Start {
  readonly state: State;
  readonly file?: string;
  readonly at?: number;
}

interface Outcome {
  readonly cloud: Cloud;
  readonly calls: readonly string[];
  readonly killed: boolean;
  readonly state: State;
}

/** One process of Terraform, and one of its provider. */
async function process(cloud: Cloud, run: Run, state: State, work: (core: TerraformCore) => Promise<void>): Promise<void> {
  const core = new TerraformCore(run.session, state, () => run.throwIfKilled());
  const { calls, close } = await overGrpc(core.provider, cloud.clock, () => run.wasKilled);
  await cloud.clock.run(work(core.over(calls))).finally(close);
}

/** Runs it, killed or not, and once more if it was. */
async function outcome(start: Start, work: (core: TerraformCore) => Promise<void>, killAt?: KillAt): Promise<Outcome> {
  const file = join(folder, "copy");
  if (start.file) copyFileSync(start.file, file);
  const cloud = new Cloud({ expungeDelay: 150_000, ...(start.file ? { state: file } : {}) }, start.at);
  const state: State = new Map(start.state);
  const first = cloud.newRun(killAt ? { killAt } : {});
  await process(cloud, first, state, work).catch((error: unknown) => {
    if (!first.wasKilled) throw error;
  });
  if (first.wasKilled) {
    cloud.ended.add(first.name);
    await process(cloud, cloud.newRun(), state, work);
  }
  return { cloud, calls: first.calls, killed: first.wasKilled, state };
}

const applying = (declared: readonly Declared[]) => (core: TerraformCore): Promise<void> => core.apply(declared);

/** What went wrong, and how many were killed. */
async function sweep(start: Start, work: (core: TerraformCore) => Promise<void>, when: KillAt["when"]): Promise<{ wrong: string[]; kills: number; looked: number }> {
  const undisturbed = await outcome(start, work);
  const goal = undisturbed.cloud.state();
  const wrong: string[] = [];
  let kills = 0;
  let looked = 0;
  for (let call = 1; call <= undisturbed.calls.length; call += every) {
    looked += 1;
    const where = `killed ${when} call ${call} (${undisturbed.calls[call - 1]})`;
    try {
      const { cloud, killed } = await outcome(start, work, { call, when });
      if (killed) kills += 1;
      if (cloud.state() !== goal) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
      if (violations(cloud).length > 0) wrong.push(`${where}: ${JSON.stringify(violations(cloud))}`);
    } catch (error) {
      wrong.push(`${where}: ${(error as Error).stack}`);
    }
  }
  return { wrong, kills, looked };
}

/** A cluster with its rules, made once. */
async function whole(): Promise<Start> {
  const file = join(folder, "whole");
  const cloud = new Cloud({ expungeDelay: 150_000, state: file });
  const state = await stateWithIdentity();
  await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply(small));
  const at = cloud.clock.now();
  await cloud.emulator.close();
  return { state, file, at };
}

describe.each(["before", "after"] as const)("killed %s a call", (when) => {
  test("a create is completed by the next apply", async () => {
    const { wrong, kills, looked } = await sweep({ state: await stateWithIdentity() }, applying(small), when);
    console.error(looked, kills);
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(looked / 2);
  });

  test("a change is completed by the next apply", async () => {
    const { wrong, kills, looked } = await sweep(await whole(), applying(grown), when);
    console.error(looked, kills);
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(looked / 2);
  });

  test("a destroy is completed by the next one", async () => {
    const { wrong, kills, looked } = await sweep(await whole(), (core) => core.destroy(), when);
    console.error(looked, kills);
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(looked / 2);
  });
});
