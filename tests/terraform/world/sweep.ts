/** Terraform and its provider killed at a call, with gRPC between them; the next run knows nothing but the state that had been written. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { difference, violations } from "../../core/sweeps/sweep";
import { Cloud, type KillAt, type Run } from "../../core/world/cloud";
import { sharedIdentity } from "../../core/world/cluster";
import { TerraformCore, type Declared, type State } from "./core";
import { stateWithIdentity } from "./declared";
import { overGrpc } from "./over-grpc";

type Work = (core: TerraformCore) => Promise<void>;
const applying = (declared: readonly Declared[]): Work => (core) => core.apply(declared);
const destroying: Work = (core) => core.destroy();

/** What there is before the run that is killed. */
interface Start {
  readonly state: State;
  readonly file?: string;
  readonly at?: number;
}

interface Outcome {
  readonly cloud: Cloud;
  readonly calls: readonly string[];
  readonly killed: boolean;
}

interface Swept {
  readonly wrong: readonly string[];
  readonly kills: number;
  readonly looked: number;
}

export interface SweptLife {
  readonly declared: readonly Declared[];
  /** What it is changed to, each from `declared`, by what that is called. */
  readonly changed: Readonly<Record<string, readonly Declared[]>>;
  /** Before the call is sent, or when it was done and nobody had heard of it yet; and at every which call. */
  readonly at: { readonly when: KillAt["when"]; readonly every: number };
}

/** Tests that its create, its changes and its destroy are completed by the next run. */
export function testSweepsOf({ declared, changed, at }: SweptLife): void {
  jest.setTimeout(1_200_000);
  let sweep: Sweep;
  beforeAll(async () => {
    sweep = new Sweep();
    await sharedIdentity();
  });
  afterAll(() => sweep.close());
  const expectWhole = ({ wrong, kills, looked }: Swept): void => {
    expect(wrong).toEqual([]);
    // Of two that are sent at once, a kill before the second finds that the run has ended otherwise at times.
    expect(kills).toBeGreaterThan(at.when === "after" ? looked - 1 : looked / 2);
  };
  test("a create is completed by the next apply", async () => {
    expectWhole(await sweep.kill({ state: await stateWithIdentity() }, applying(declared), at));
  });
  test.each(Object.entries(changed))("%s is completed by the next apply", async (_, to) => {
    expectWhole(await sweep.kill(await sweep.made(declared), applying(to), at));
  });
  test("a destroy is completed by the next one", async () => {
    expectWhole(await sweep.kill(await sweep.made(declared), destroying, at));
  });
}

class Sweep {
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
