/** Terraform and its provider killed at a call, with gRPC between them; the next run knows nothing but the state that had been written. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { difference, violations } from "../../core/sweeps/sweep";
import { Cloud, type KillAt, type Run } from "../../core/world/cloud";
import { TerraformCore, type Declared, type State } from "./core";
import { stateWithIdentity } from "./declared";
import { overGrpc } from "./over-grpc";

export type Work = (core: TerraformCore) => Promise<void>;
export const applying = (declared: readonly Declared[]): Work => (core) => core.apply(declared);
export const destroying: Work = (core) => core.destroy();

/** What there is before the run that is killed. */
export interface Start {
  readonly state: State;
  readonly file?: string;
  readonly at?: number;
}

interface Outcome {
  readonly cloud: Cloud;
  readonly calls: readonly string[];
  readonly killed: boolean;
}

export interface Swept {
  readonly wrong: readonly string[];
  readonly kills: number;
  readonly looked: number;
}

export class Sweep {
  private readonly folder = mkdtempSync(join(tmpdir(), "terraform-sweep-"));

  /** What is declared, made once. */
  async made(declared: readonly Declared[]): Promise<Start> {
    const file = join(this.folder, "made");
    const cloud = new Cloud({ expungeDelay: 150_000, state: file });
    const state = await stateWithIdentity();
    await run(cloud, cloud.newRun(), state, applying(declared));
    const at = cloud.clock.now();
    await cloud.emulator.close();
    return { state, file, at };
  }

  /** Kills the work at every `every`-th call, lets the next run end it, and says where that isn't as if nothing had happened. */
  async kill(start: Start, work: Work, { when, every }: { readonly when: KillAt["when"]; readonly every: number }): Promise<Swept> {
    const undisturbed = await this.outcome(start, work);
    const goal = undisturbed.cloud.state();
    const wrong: string[] = [];
    let [kills, looked] = [0, 0];
    for (let call = 1; call <= undisturbed.calls.length; call += every) {
      looked += 1;
      const where = `killed ${when} call ${call} (${undisturbed.calls[call - 1]})`;
      try {
        const { cloud, killed } = await this.outcome(start, work, { call, when });
        if (killed) kills += 1;
        if (cloud.state() !== goal) wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
        if (violations(cloud).length > 0) wrong.push(`${where}: ${JSON.stringify(violations(cloud))}`);
      } catch (error) {
        wrong.push(`${where}: ${(error as Error).stack}`);
      }
    }
    return { wrong, kills, looked };
  }

  /** Runs it, killed or not, and once more if it was. */
  private async outcome({ state: before, file: made, at }: Start, work: Work, killAt?: KillAt): Promise<Outcome> {
    const file = join(this.folder, "copy");
    if (made) copyFileSync(made, file);
    const cloud = new Cloud({ expungeDelay: 150_000, ...(made ? { state: file } : {}) }, at);
    const state: State = new Map(before);
    const first = cloud.newRun(killAt ? { killAt } : {});
    await run(cloud, first, state, work).catch((error: unknown) => {
      if (!first.wasKilled) throw error;
    });
    if (first.wasKilled) {
      cloud.ended.add(first.name);
      await run(cloud, cloud.newRun(), state, work);
    }
    return { cloud, calls: first.calls, killed: first.wasKilled };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** One process of Terraform, and one of its provider. */
async function run(cloud: Cloud, of: Run, state: State, work: Work): Promise<void> {
  const core = new TerraformCore(of.session, state, () => of.throwIfKilled());
  const { calls, close } = await overGrpc(core.provider, cloud.clock, () => of.wasKilled);
  await cloud.clock.run(work(core.over(calls))).finally(close);
}
