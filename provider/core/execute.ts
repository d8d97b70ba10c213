/**
 * Runs a graph of steps. It knows nothing about Kubernetes or Mold: order, concurrency, interruption and progress only. A new
 * operation adds steps and a planner, never a line here.
 */
import { ClusterError, Interrupted, messageOf } from "./errors";
import type { Clock, Log } from "./ports";
import { ReadySteps } from "./ready-steps";
import type { StepNode } from "./step-graph";
import { summary } from "./wording";

/** From here on a person wonders whether anything is happening. */
const longSeconds = 5;

export interface ExecuteOptions<S extends StepNode> {
  readonly steps: readonly S[];
  readonly run: (step: S) => Promise<void>;
  readonly pools?: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called before each step and every now and then while steps run; what it throws ends the whole. */
  readonly keep?: () => Promise<void>;
  readonly keepEveryMs?: number;
}

/** Some steps failed. Steps that did not need them were finished all the same. */
export class StepsFailed extends ClusterError {
  override readonly name = "StepsFailed";
  constructor(
    readonly failures: readonly { readonly step: StepNode; readonly error: unknown }[],
    readonly notBegun: readonly StepNode[],
  ) {
    const first = failures.map(({ step, error }) => `${step.title}: ${messageOf(error)}`);
    super([...first, ...(notBegun.length ? [`Not begun: ${summary(notBegun.map(({ title }) => title))}.`] : [])].join("\n"), { cause: failures[0]?.error });
  }
}

export async function execute<S extends StepNode>(options: ExecuteOptions<S>): Promise<void> {
  const { steps, clock, log, signal } = options;
  const ready = new ReadySteps(steps, options.pools ?? {});
  const failures: { step: S; error: unknown }[] = [];
  let running = 0;
  let fatal: { error: unknown } | undefined;

  await new Promise<void>((resolve) => {
    const heart = new AbortController();
    const beat = async (): Promise<void> => {
      while (!heart.signal.aborted) {
        await clock.sleep(options.keepEveryMs ?? 15_000, heart.signal);
        await options.keep?.();
      }
    };
    const stop = (error: unknown): void => {
      fatal ??= { error };
      proceed();
    };
    if (options.keep) beat().catch((error: unknown) => (heart.signal.aborted ? undefined : stop(error)));
    const interrupted = (): void => stop(signal.reason instanceof Error ? signal.reason : new Interrupted("interrupted"));
    signal.addEventListener("abort", interrupted, { once: true });

    const begin = (step: S): void => {
      running += 1;
      const since = clock.now();
      const end = (): void => {
        running -= 1;
        ready.ended(step);
        proceed();
      };
      (async () => {
        await options.keep?.();
        if (fatal) return;
        if ((step.estimateSeconds ?? 0) >= longSeconds) log.info(`${step.title} …`);
        else log.debug(`${step.title} …`);
        await options.run(step);
        ready.done(step);
        log.info(`${step.title}: done in ${seconds(clock.now() - since)}`);
      })().then(end, (error: unknown) => {
        failures.push({ step, error });
        log.warn(`${step.title}: ${messageOf(error)}`);
        end();
      });
    };

    function proceed(): void {
      if (!fatal && signal.aborted) fatal = { error: signal.reason instanceof Error ? signal.reason : new Interrupted("interrupted") };
      if (!fatal) for (const step of ready.take()) begin(step);
      if (running > 0) return;
      heart.abort();
      signal.removeEventListener("abort", interrupted);
      resolve();
    }
    proceed();
  });

  if (fatal) throw fatal.error;
  const { notBegun } = ready;
  if (failures.length > 0 || notBegun.length > 0) throw new StepsFailed(failures, notBegun);
}

export const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);
