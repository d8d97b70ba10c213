/** Asynchronous jobs, by the clock. A job that is pending when the process dies goes on when it is started again. */
import type { Call } from "./call";
import { workLeft, type Cancel } from "./clock";
import type { Cloud } from "./cloud";
import type { AsyncCommand, Proceeded } from "./command";
import { ApiError, isCancelled } from "./errors";
import { jobBegun, jobEnded, jobStarted } from "./job-events";
import { forget } from "./retention";
import type { JobRow } from "./model";
import { owner, time } from "./answers";

/** Finds the command of a job and builds its call anew. */
export type Recall = (job: JobRow) => { command: AsyncCommand; call: Call } | undefined;

export class Jobs {
  private readonly timers = new Map<string, Cancel>();
  private closed = false;

  constructor(
    private readonly cloud: Cloud,
    private readonly recall: Recall,
  ) {}

  /** Begins a job within the running transaction; returns what is answered at once. `faulty` are the ordered faults it meets. */
  begin(call: Call, command: AsyncCommand, faulty: { fault?: JobRow["fault"]; more: number; held?: boolean }): { id?: string; jobid: string } {
    const begun = command.begin(call);
    const { id, number } = this.cloud.identity("jobs");
    const job = this.cloud.table("jobs").put({
      id,
      number,
      ...call.owner,
      command: call.command,
      userId: call.caller.user.id,
      params: call.params,
      made: begun.made ?? {},
      instanceType: begun.instanceType,
      instanceId: begun.instanceId,
      phase: "waiting",
      ms: begun.ms,
      ...(faulty.fault === undefined ? {} : { fault: faulty.fault }),
      ...(faulty.held === true ? { held: true } : {}),
      ...(faulty.more > 0 ? { more: faulty.more } : {}),
      ...(begun.placing === true ? { placing: true } : {}),
      ...(begun.alone === true ? { alone: true } : {}),
    });
    this.cloud.table("jobs").patch(id, { eventId: jobBegun(this.cloud, job, begun.id !== undefined) });
    forget(this.cloud);
    this.pump();
    return { ...(begun.id === undefined ? {} : { id: begun.id }), jobid: id };
  }

  /** Takes up what was pending when the process ended. */
  resume(): void {
    for (const job of this.cloud.table("jobs").filter(({ phase }) => phase === "running")) this.arm(job);
    this.cloud.change(() => this.pump());
  }

  /** Lets go the jobs that an ordered fault holds. */
  release(): void {
    for (const job of this.cloud.table("jobs").filter(({ held, phase }) => held === true && phase === "running")) {
      this.timers.get(job.id)?.();
      this.timers.set(job.id, this.cloud.clock.after(0, () => this.finish(job.id)));
    }
  }

  close(): void {
    this.closed = true;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  /**
   * Starts what may start, in order of age: of those on one instance one at a time, of those that need a place as many as
   * there are places, and all others.
   */
  private pump(): void {
    const jobs = this.cloud.table("jobs");
    const running = jobs.filter(({ phase }) => phase === "running");
    let placing = running.filter((job) => job.placing === true).length;
    const occupied = new Set(running.filter(({ alone }) => alone === true).map(({ instanceId }) => instanceId));
    for (const job of jobs.filter(({ phase }) => phase === "waiting")) {
      if (job.alone === true) {
        const busy = occupied.has(job.instanceId);
        occupied.add(job.instanceId);
        if (busy) continue;
      }
      if (job.placing === true) {
        if (placing >= this.cloud.settings.deploySlots) continue;
        placing += 1;
      }
      this.start(job);
    }
  }

  private start(job: JobRow): void {
    const recalled = this.recall(job);
    const started = recalled?.command.start?.(recalled.call, job);
    const running = this.cloud.table("jobs").patch(job.id, {
      phase: "running",
      started: this.cloud.now(),
      ms: (started?.ms ?? job.ms) + (job.more ?? 0),
      made: { ...job.made, ...started?.made },
    });
    jobStarted(this.cloud, running);
    this.cloud.afterwards(() => this.arm(running));
  }

  private arm(job: JobRow): void {
    const left = workLeft(this.cloud.clock, job.started ?? this.cloud.now(), job.ms);
    const recalled = job.fault === undefined ? this.recall(job) : undefined;
    const awaited = recalled?.command.awaits?.(recalled.call, job);
    this.timers.set(job.id, this.cloud.clock.after(left, () => (awaited === undefined ? this.finish(job.id) : void awaited.then(() => this.finish(job.id)))));
  }

  private finish(id: string): void {
    if (this.closed) return;
    this.timers.delete(id);
    const job = this.cloud.table("jobs").get(id);
    if (job?.phase !== "running") return;
    const recalled = this.recall(job);
    let failure: ApiError | undefined;
    try {
      this.cloud.change(() => {
        if (job.fault !== undefined) throw new ApiError(job.fault.code, job.fault.text);
        if (recalled === undefined) throw new ApiError(530, "the caller of this job is gone");
        const next = recalled.command.proceed?.(recalled.call, job);
        if (next !== undefined && !(next instanceof ApiError)) return this.goOn(job, next);
        this.complete(job, next ?? recalled.command.finish(recalled.call, job));
      });
    } catch (error) {
      failure = error instanceof ApiError ? error : new ApiError(530, error instanceof Error ? error.message : String(error));
      if (!(error instanceof ApiError)) this.cloud.log(`job ${job.command} ${id} broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    if (failure === undefined) return;
    const failed = failure;
    this.cloud.change(() => {
      if (recalled !== undefined) recalled.command.failed?.(recalled.call, job);
      this.complete(job, failed);
    });
  }

  private goOn(job: JobRow, { ms, made }: Proceeded): void {
    const next = this.cloud.table("jobs").patch(job.id, { started: this.cloud.now(), ms, made: { ...job.made, ...made } });
    this.cloud.afterwards(() => this.arm(next));
  }

  private complete(job: JobRow, result: object): void {
    const failed = result instanceof ApiError;
    this.cloud.table("jobs").patch(job.id, {
      phase: failed ? "failed" : "done",
      completed: this.cloud.now(),
      result: failed ? { errorcode: result.code, errortext: result.text } : result,
      resultCode: failed ? result.code : 0,
    });
    if (!failed || !isCancelled(result)) jobEnded(this.cloud, job, result);
    this.pump();
  }
}

/** A job as `queryAsyncJobResult` and `listAsyncJobs` show it. */
export function jobAnswer(cloud: Cloud, job: JobRow): object {
  const { account, domainid, domainpath } = owner(cloud, { accountId: job.accountId }) as { account?: string; domainid?: string; domainpath?: string };
  const ended = job.phase === "done" || job.phase === "failed";
  const result = job.result as { readonly errorcode?: number; readonly errortext?: string } | undefined;
  const hasResult = ended && !isCancelled({ code: result?.errorcode, text: result?.errortext });
  return {
    accountid: job.accountId,
    account,
    domainid,
    domainpath,
    userid: job.userId,
    cmd: `org.apache.cloudstack.api.command.user.${job.command.charAt(0).toUpperCase()}${job.command.slice(1)}Cmd`,
    jobprocstatus: 0,
    jobresultcode: job.resultCode ?? 0,
    ...(hasResult ? { jobresulttype: "object", jobresult: job.result } : {}),
    ...(job.instanceType === undefined ? {} : { jobinstancetype: job.instanceType }),
    ...(job.instanceId === undefined ? {} : { jobinstanceid: job.instanceId }),
    ...(ended ? {} : { managementserverid: "00000000-0000-4000-8000-00000000e300", managementservername: "localhost" }),
    created: time(job.created),
    ...(job.completed === undefined ? {} : { completed: time(job.completed) }),
    jobid: job.id,
    jobstatus: job.phase === "done" ? 1 : job.phase === "failed" ? 2 : 0,
  };
}
