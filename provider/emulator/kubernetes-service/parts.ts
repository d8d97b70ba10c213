/** A job of the service in its parts: each names the next one, and when. */
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import type { AsyncCommand, Begun, Proceeded } from "../command";
import { ApiError, cancelled } from "../errors";
import type { ClusterRow, ClusterState, JobRow, MachineRow } from "../model";
import type { NodeShell } from "../hypervisor";
import { transit, type ClusterEvent } from "./states";

export type Outcome = Proceeded | ApiError | undefined;

/** What a part works with. */
export class Parts {
  readonly cloud: Cloud;
  /** The server is restarted at this moment. */
  isCancelled = false;

  constructor(
    readonly call: Call,
    readonly job: JobRow,
    public cluster: ClusterRow,
  ) {
    this.cloud = call.cloud;
  }

  /** Which of several machines or nodes it is about. */
  get at(): number {
    return Number(this.job.made.at ?? 0);
  }

  get shell(): NodeShell | undefined {
    return this.cloud.hypervisor.shell;
  }

  next(stage: string, ms: number, made: Readonly<Record<string, string>> = {}): Proceeded {
    return { ms, made: { stage, ...made } };
  }

  /** The same part again. */
  again(ms: number, made: Readonly<Record<string, string>> = {}): Proceeded {
    return { ms, made };
  }

  transit(event: ClusterEvent): ClusterRow {
    return (this.cluster = transit(this.cloud, this.cluster, event));
  }

  /** The job fails, and the cluster is left as it is. */
  fail(text: string, event?: ClusterEvent): ApiError {
    if (this.isCancelled || [text, this.job.made.failsAfter].includes(cancelled().text)) return this.cancel();
    if (event) this.transit(event);
    return new ApiError(530, text);
  }

  /** The server was restarted. */
  private cancel(): ApiError {
    const { cloud, cluster } = this;
    if (cluster.managed) cloud.table("clusters").patch(cluster.id, { managed: { ...cluster.managed, cancelled: cloud.now() } });
    return cancelled();
  }

  /** Whether the time that a configuration gives the whole is over. */
  isLate(limit: number): boolean {
    return this.cloud.now() - this.job.created > limit / (this.cloud.clock.speed ?? 1);
  }

  /** An ordered fault at a machine that is worked on now: it hangs, fails, or fails when this part of it is done. */
  trouble(machine: { readonly name: string }): { readonly hangs: Proceeded } | { readonly fails: string } | { readonly failsAfter: string } | undefined {
    const subject = { command: this.call.command, names: [machine.name, this.cluster.name], account: this.call.caller.account.name, changing: true };
    const hanging = this.cloud.faults.take("serviceHangs", subject);
    if (hanging) return { hangs: this.again(hanging.ms ?? 600_000) };
    const restarting = this.cloud.faults.take("serviceRestarts", subject);
    if (restarting?.effect === "after") return { failsAfter: cancelled().text };
    if (restarting) {
      this.isCancelled = true;
      return { fails: cancelled().text };
    }
    const failing = this.cloud.faults.take("serviceFails", subject);
    if (!failing) return undefined;
    const text = failing.text ?? "Ordered to fail";
    return failing.effect === "after" ? { failsAfter: text } : { fails: text };
  }

  get account(): { accountId: string; userId: string } {
    return { accountId: this.cluster.accountId, userId: this.job.userId };
  }

  machine(id: string | undefined): MachineRow | undefined {
    return this.cloud.table("machines").get(id ?? "");
  }
}

export interface ServiceWork {
  /** By the name that an earlier one gave; the first is "". */
  readonly parts: Readonly<Record<string, (parts: Parts) => Outcome>>;
  /** The state that the cluster has from the second part on: another means that somebody else has taken over. */
  readonly while: readonly ClusterState[];
  /** What becomes of it when the job is ended by an ordered fault. */
  readonly failure: ClusterEvent;
  finish(parts: Parts): object | ApiError;
}

/** @param find the cluster of the job, or why there is none */
export function serviceCommand(work: ServiceWork, begin: (call: Call) => Begun, find: (call: Call, job: JobRow) => ClusterRow): Pick<AsyncCommand, "kind" | "begin" | "proceed" | "finish" | "failed"> {
  return {
    kind: "async",
    begin,
    proceed(call, job) {
      const parts = new Parts(call, job, find(call, job));
      const { stage = "" } = job.made;
      const { cluster } = parts;
      if (stage !== "" && !work.while.includes(cluster.state)) return parts.fail(`Kubernetes cluster : ${cluster.name} is in ${cluster.state} state`);
      return work.parts[stage]?.(parts);
    },
    finish: (call, job) => work.finish(new Parts(call, job, find(call, job))),
    failed(call, job) {
      const cluster = call.cloud.table("clusters").get(job.made.clusterId ?? job.params.id ?? "");
      if (cluster && (job.made.stage !== undefined || work.failure === "createFailed")) transit(call.cloud, cluster.state === "Created" ? transit(call.cloud, cluster, "start") : cluster, work.failure);
    },
  };
}
