/**
 * The cluster's own API drops a connection now and then, and is away for some seconds while one of its servers restarts. A change that meets this at any of its
 * calls, taken or not, is done in the same run, in the state of an undisturbed one (promise 6).
 */
import { changes, momentsOf, restMs } from "../sweeps/change";
import { difference, violations } from "../sweeps/sweep";
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { MadeCluster } from "../world/made";
import { deployment } from "../world/workloads";

beforeAll(sharedIdentity);
afterEach(() => jest.restoreAllMocks());

const names = ["more workers", "fewer workers", "start", "fewer control planes", "a worker replaced", "a control plane replaced", "other offerings", "upgrade"] as const;

interface Silence {
  /** Of the run's calls to the cluster, from 1. */
  readonly from: number;
  /** That many are not answered, whoever asks. */
  readonly calls: number;
  /** They take effect all the same. */
  readonly isTaken: boolean;
}

/** Which calls to the cluster the change makes; a silent API answers none of some. */
function heard(life: Life, silence?: Silence): string[] {
  const { emulator } = life.cloud;
  const answer = emulator.request.bind(emulator);
  const calls: string[] = [];
  jest.spyOn(emulator, "request").mockImplementation(async (...given) => {
    calls.push(`${given[2].method} ${given[2].path}`);
    const isSilent = silence !== undefined && calls.length >= silence.from && calls.length < silence.from + silence.calls;
    if (isSilent && !silence.isTaken) return undefined;
    const answered = await answer(...given);
    return isSilent ? undefined : answered;
  });
  return calls;
}

test.each(names)("%s, with one call or five in a row unanswered, is done in the same run, in the same state", async (name) => {
  const { from, to, ...change } = changes[name] as { from: Record<string, unknown>; before?: Record<string, unknown>; to: Record<string, unknown> };
  const made = await MadeCluster.make(from);
  const carriedOut = async (silence?: Silence): Promise<{ calls: string[]; state: string; failure: string; broken: unknown[] }> => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    if (change.before) await life.up(change.before);
    const calls = heard(life, silence);
    const failure = await life.up(to).then(
      () => "",
      (error: Error) => error.message,
    );
    jest.restoreAllMocks();
    await life.cloud.clock.pass(restMs);
    return { calls, state: life.cloud.state(), failure, broken: violations(life.cloud) };
  };
  try {
    const { calls, state: goal } = await carriedOut();
    const wrong: string[] = [];
    // A dozen places of each change: an upgrade alone asks hundreds of times.
    const moments = momentsOf(calls, Math.ceil(calls.length / 12) * Number(process.env.SWEEP_EVERY ?? 1));
    for (const at of moments) {
      for (const silence of [{ calls: 1, isTaken: false }, { calls: 1, isTaken: true }, { calls: 5, isTaken: false }]) {
        const where = `${silence.calls} from ${at} (${calls[at - 1]})${silence.isTaken ? ", taken" : ""}`;
        const { state, failure, broken } = await carriedOut({ from: at, ...silence });
        if (failure !== "") wrong.push(`${where}: ${failure}`);
        else if (state !== goal) wrong.push(`${where}: another state\n${difference(goal, state)}`);
        if (broken.length > 0) wrong.push(`${where}: ${JSON.stringify(broken)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(moments.length).toBeGreaterThan(4);
  } finally {
    made.close();
  }
}, 600_000);
