/**
 * Waiting for jobs. One loop polls for all who wait, so that a hundred machines under way are not a hundred loops.
 *
 * - A job is asked about more and more seldom the older it is: a tag is there in a quarter of a second, a machine takes many, and an
 *   answer a twelfth late costs neither much. Jobs that are nearly due are taken along, so that those begun together stay together.
 * - A few jobs are asked about one by one. With more, one `listAsyncJobs` tells which are still pending, and only the others are
 *   queried. The list alone would not do: it is documented as that of *pending* jobs (recorded: empty, on a server that had
 *   finished many), so a job that is missing from it is either done or another account's, and its query decides. Where the list
 *   proves to tell nothing (no such command, more jobs than a page, ours never in it), it is not asked for again.
 */
import type { CallContext, Clock, Log } from "../core/ports";
import { isObject, type Items, type Json, unsuccessful, unwrap } from "./answers";
import { jobTimeout, MoldError, refusal } from "./errors";
import { scrub } from "./redaction";

const shortestMs = 250;
const longestMs = 5_000;
const shareOfAge = 1 / 12;
const few = 4;

/** How long to leave a job alone that has run for `ageMs`. */
export const paceMs = (ageMs: number): number => Math.min(longestMs, Math.max(shortestMs, ageMs * shareOfAge));

/** Recorded of none; upstream's AsyncJobManagerImpl ends so what was under way as its server was restarted. */
const noReason = "Mold gives no reason: its management server was restarted meanwhile, perhaps, which cancels its jobs";

/** `jobstatus`, in the order of CloudStack's `JobInfo.Status`: 0 is pending, 1 done. */
const [failed, cancelled] = [2, 3];

/**
 * What a job means: undefined while it is pending, then the object it made.
 *
 * @throws MoldError in Mold's words when it failed
 */
export function jobResult(command: string, job: Json, context?: CallContext, secrets: readonly string[] = []): Json | undefined {
  const status = Number(job.jobstatus);
  const jobId = String(job.jobid);
  if (status !== 1 && status !== failed && status !== cancelled) return undefined;
  const result = isObject(job.jobresult) ? job.jobresult : {};
  if (status !== 1) {
    const unsaid = status === cancelled ? "the job was cancelled" : noReason;
    const said = result.errortext ?? (typeof job.jobresult === "string" ? job.jobresult : unsaid);
    throw refusal(command, Number(result.errorcode ?? (job.jobresultcode || 530)), scrub(String(said), secrets), { jobId, context });
  }
  const refused = unsuccessful(result);
  if (refused !== undefined) throw refusal(command, 530, scrub(refused, secrets), { jobId, context });
  return unwrap(result);
}

export interface JobQuestions {
  /** Asks about one job. */
  query(jobId: string): Promise<Json>;
  /** The caller's pending jobs, a page of them; `count` says how many there are. */
  list(): Promise<Items>;
}

export interface JobOrder {
  readonly command: string;
  readonly jobId: string;
  /** When Mold took the job. */
  readonly beganAt: number;
  readonly timeoutMs: number;
  readonly context?: CallContext;
  /** What must not be seen in an error, should Mold repeat it. */
  readonly secrets?: readonly string[];
}

interface Waiter extends JobOrder {
  due: number;
  /** Since when Mold could not be asked. */
  lostSince?: number;
  settle(end: () => Json): void;
}

export class JobPoll {
  private readonly waiting = new Map<string, Waiter>();
  private sleeping: AbortController | undefined;
  private looping = false;
  private listTells = true;

  constructor(
    private readonly clock: Clock,
    private readonly log: Pick<Log, "debug">,
    private readonly questions: JobQuestions,
    /** How long Mold may be out of reach before jobs are given up. */
    private readonly outageMs: number,
  ) {}

  /** Resolves with the object the job made; rejects with a MoldError, or with the signal's reason. */
  watch(order: JobOrder): Promise<Json> {
    const { jobId, beganAt, context } = order;
    return new Promise<Json>((resolve, reject) => {
      const signal = context?.signal;
      const settle = (end: () => Json): void => {
        if (this.waiting.get(jobId) !== waiter) return;
        this.waiting.delete(jobId);
        signal?.removeEventListener("abort", giveUp);
        try {
          resolve(end());
        } catch (error) {
          reject(error as Error);
        }
      };
      const giveUp = (): void => {
        settle(() => {
          throw signal?.reason;
        });
        this.wake();
      };
      const waiter: Waiter = { ...order, due: beganAt + shortestMs, settle };
      this.waiting.set(jobId, waiter);
      if (signal?.aborted) return giveUp();
      signal?.addEventListener("abort", giveUp);
      this.wake();
      if (!this.looping) void this.loop();
    });
  }

  /** Nobody waits any longer; the jobs go on in Mold. */
  close(reason: Error): void {
    for (const waiter of [...this.waiting.values()])
      waiter.settle(() => {
        throw reason;
      });
    this.wake();
  }

  private wake(): void {
    this.sleeping?.abort();
  }

  private async loop(): Promise<void> {
    this.looping = true;
    try {
      while (this.waiting.size > 0) await this.turn();
    } finally {
      this.looping = false;
    }
  }

  private async turn(): Promise<void> {
    const now = this.clock.now();
    const waiters = [...this.waiting.values()];
    const next = Math.min(...waiters.map(({ due, beganAt, timeoutMs }) => Math.min(due, beganAt + timeoutMs)));
    if (next > now) return this.sleep(next - now);
    const nearly = now + paceMs(now - Math.min(...waiters.map(({ beganAt }) => beganAt))) / 4;
    const due = waiters.filter((waiter) => waiter.due <= nearly || waiter.beganAt + waiter.timeoutMs <= now);
    try {
      await this.ask(due);
    } catch (error) {
      for (const waiter of due)
        waiter.settle(() => {
          throw error;
        });
    }
  }

  private async sleep(ms: number): Promise<void> {
    const sleeping = (this.sleeping = new AbortController());
    try {
      await this.clock.sleep(ms, sleeping.signal);
    } catch (error) {
      if (!sleeping.signal.aborted) this.close(error as Error);
    } finally {
      this.sleeping = undefined;
    }
  }

  private async ask(due: readonly Waiter[]): Promise<void> {
    const pending = due.length > few && this.listTells ? await this.pendingIds() : undefined;
    const unknown = due.filter(({ jobId }) => !pending?.has(jobId));
    for (const waiter of due) if (pending?.has(waiter.jobId)) this.stillPending(waiter);
    const ended = await Promise.all(unknown.map((waiter) => this.askAbout(waiter)));
    if (pending && unknown.length === due.length && ended.includes(false)) this.forgetList("it holds none of the jobs that are pending");
  }

  private async pendingIds(): Promise<ReadonlySet<string> | undefined> {
    try {
      const { items, count } = await this.questions.list();
      if ((count ?? 0) > items.length) return this.forgetList("there are more jobs than a page holds");
      return new Set(items.filter(({ jobstatus }) => Number(jobstatus) === 0).map(({ jobid }) => String(jobid)));
    } catch (error) {
      if (!(error instanceof MoldError)) throw error;
      return this.forgetList(error.message);
    }
  }

  private forgetList(reason: string): undefined {
    this.listTells = false;
    this.log.debug(`mold: jobs are asked about one by one, as listAsyncJobs tells nothing: ${reason}`);
  }

  /** Whether the job has ended, one way or the other. */
  private async askAbout(waiter: Waiter): Promise<boolean> {
    let job: Json;
    try {
      job = await this.questions.query(waiter.jobId);
    } catch (error) {
      return this.notAnswered(waiter, error);
    }
    waiter.lostSince = undefined;
    let result: Json | undefined;
    try {
      result = jobResult(waiter.command, job, waiter.context, waiter.secrets);
    } catch (error) {
      waiter.settle(() => {
        throw error;
      });
      return true;
    }
    if (result === undefined) return this.stillPending(waiter);
    const object = result;
    waiter.settle(() => object);
    return true;
  }

  private stillPending(waiter: Waiter): false {
    const { command, jobId, beganAt, timeoutMs, context } = waiter;
    const now = this.clock.now();
    waiter.due = now + paceMs(now - beganAt);
    if (now - beganAt >= timeoutMs)
      waiter.settle(() => {
        throw jobTimeout(command, jobId, now - beganAt, context);
      });
    return false;
  }

  /** A management server that is restarted is back within a minute, and says then what has become of its jobs: that alone is no reason to give them up. */
  private notAnswered(waiter: Waiter, error: unknown): boolean {
    const passes = error instanceof MoldError && (error.kind === "unreachable" || error.kind === "timeout" || error.kind === "server");
    const now = this.clock.now();
    waiter.lostSince ??= now;
    if (passes && now - waiter.lostSince < this.outageMs && now - waiter.beganAt < waiter.timeoutMs) {
      waiter.due = now + longestMs;
      return false;
    }
    const { command, jobId, context } = waiter;
    waiter.settle(() => {
      if (!(error instanceof MoldError)) throw error;
      throw new MoldError({
        kind: error.kind,
        command,
        code: error.code,
        said: error.said,
        jobId,
        context,
        what: `was taken by Mold as job ${jobId}, which can't be asked about: ${error.message}`,
        advice: "The job may still be running: run again to go on from what it makes.",
      });
    });
    return true;
  }
}
