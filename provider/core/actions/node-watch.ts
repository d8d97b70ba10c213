import { ClusterError } from "../errors";
import { seconds } from "../execute";
import { isKubernetesFailure, type Clock, type KubernetesNode, type KubernetesPort } from "../ports";
import { nextLookMs } from "../waiting";

interface Waiter {
  readonly name: string;
  readonly since: number;
  readonly advice: string;
  readonly longestMs: number;
  /** What it lacks beside being Ready; undefined: nothing. What it throws ends the wait. */
  readonly missing?: (node: KubernetesNode) => string | undefined;
  /** Its kubelet has to have said something since it was first looked at: for 40 seconds a node whose machine is off counts as Ready. */
  readonly restarted: boolean;
  /** Asked of a node that has not been Ready for a while: what has become of its machine, if it is not to be waited for any longer. */
  readonly lost?: () => Promise<string | undefined>;
  /** It may be its own silence that nobody answers. */
  readonly servesApi?: boolean;
  /** Its heartbeat when it was first looked at. */
  heartbeat?: string;
  /** What was last seen of its node, and since when. */
  shown?: string;
  changedAt?: number;
  /** Since when it has not been Ready, or when its machine was last asked for. */
  silentSince?: number;
  readonly resolve: (node: KubernetesNode) => void;
  readonly reject: (error: unknown) => void;
  /** The time is over. `said`: what was seen last, and what to do. */
  readonly giveUp: (said: string) => void;
}

/** A node that is not Ready for so long may have no machine any more: for 40 seconds one that is off counts as Ready. Milliseconds. */
const lostAfterMs = 30_000;

/** Many wait for their nodes; one list at a time serves all who wait. */
export class NodeWatch {
  private waiters: Waiter[] = [];
  private looking = false;

  constructor(
    private readonly kubernetes: KubernetesPort,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly longestMs: number,
  ) {}

  ready(name: string, options: Pick<Waiter, "advice" | "restarted" | "missing" | "lost" | "servesApi"> & Partial<Pick<Waiter, "longestMs">>): Promise<KubernetesNode> {
    return new Promise((resolve, reject) => {
      this.wait({ name, since: this.clock.now(), longestMs: this.longestMs, ...options, resolve, reject, giveUp: (said) => reject(new ClusterError(said)) });
    });
  }

  /** Whether it is Ready and heard of within that time. */
  isBack(name: string, longestMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.wait({ name, since: this.clock.now(), longestMs, advice: "", restarted: true, resolve: () => resolve(true), reject, giveUp: () => resolve(false) });
    });
  }

  private wait(waiter: Waiter): void {
    this.waiters.push(waiter);
    if (!this.looking) void this.look();
  }

  /** Which of these are Ready and heard of now. Looks until `least` of them are, or the time is over. */
  async upAmong(names: readonly string[], { least, longestMs }: { readonly least: number; readonly longestMs: number }): Promise<string[]> {
    const since = this.clock.now();
    const first = await this.ask((kubernetes) => kubernetes.heartbeats());
    for (;;) {
      await this.clock.sleep(nextLookMs(this.clock.now() - since), this.signal);
      const [nodes, heartbeats] = [await this.ask((kubernetes) => kubernetes.nodes()), await this.ask((kubernetes) => kubernetes.heartbeats())];
      const up = names.filter((name) => nodes?.some((node) => node.name === name && node.ready) && heartbeats?.get(name) !== first?.get(name));
      if (up.length >= least || this.clock.now() - since >= longestMs) return up;
    }
  }

  private async look(): Promise<void> {
    this.looking = true;
    try {
      while (this.waiters.length > 0) {
        const nodes = await this.ask((kubernetes) => kubernetes.nodes());
        const heartbeats = this.waiters.some(({ restarted }) => restarted) ? await this.ask((kubernetes) => kubernetes.heartbeats()) : undefined;
        this.serve(nodes, heartbeats);
        await this.endLost();
        if (this.waiters.length === 0) return;
        // A node that has just appeared, or whose agent has just spoken, is about to be done.
        const latest = Math.max(...this.waiters.map(({ since, changedAt = since }) => changedAt));
        await this.clock.sleep(nextLookMs(this.clock.now() - latest), this.signal);
      }
    } catch (error) {
      for (const { reject } of this.waiters) reject(error);
      this.waiters = [];
    } finally {
      this.looking = false;
    }
  }

  private serve(nodes: readonly KubernetesNode[] | undefined, heartbeats: ReadonlyMap<string, string> | undefined): void {
    const found = new Map(nodes?.map((node) => [node.name, node]));
    this.waiters = this.waiters.filter((waiter) => {
      const node = found.get(waiter.name);
      const waited = this.clock.now() - waiter.since;
      const heardOf = isHeardOf(waiter, heartbeats);
      if (nodes !== undefined) this.notice(waiter, node);
      // Where nobody answers it is not a worker that is silent.
      waiter.silentSince = node?.ready || (nodes === undefined && !waiter.servesApi) ? undefined : (waiter.silentSince ?? this.clock.now());
      try {
        const missing = node && waiter.missing?.(node);
        if (node?.ready && heardOf && missing === undefined) waiter.resolve(node);
        else if (waited >= waiter.longestMs) waiter.giveUp(givenUp(waiter, nodes === undefined ? "unknown" : node, waited, missing));
        else return true;
      } catch (error) {
        waiter.reject(error);
      }
      return false;
    });
  }

  private notice(waiter: Waiter, node: KubernetesNode | undefined): void {
    const shown = node && JSON.stringify([node.ready, node.version, node.annotations]);
    if (shown !== waiter.shown) [waiter.shown, waiter.changedAt] = [shown, this.clock.now()];
  }

  /** Nothing will happen on a machine that is gone. */
  private async endLost(): Promise<void> {
    for (const waiter of [...this.waiters]) {
      if (waiter.lost === undefined || waiter.silentSince === undefined || this.clock.now() - waiter.silentSince < lostAfterMs) continue;
      waiter.silentSince = this.clock.now();
      const lost = await waiter.lost();
      if (lost === undefined) continue;
      this.waiters = this.waiters.filter((other) => other !== waiter);
      waiter.reject(new ClusterError(lost));
    }
  }

  private async ask<T>(what: (kubernetes: KubernetesPort) => Promise<T>): Promise<T | undefined> {
    try {
      return await what(this.kubernetes);
    } catch (error) {
      // A balancer whose first member has just come up drops a connection now and then.
      if (isKubernetesFailure(error) && error.kind !== "foreign" && error.kind !== "forbidden") return undefined;
      throw error;
    }
  }
}

function isHeardOf(waiter: Waiter, heartbeats: ReadonlyMap<string, string> | undefined): boolean {
  if (!waiter.restarted) return true;
  const now = heartbeats?.get(waiter.name);
  if (now === undefined) return false;
  waiter.heartbeat ??= now;
  return now !== waiter.heartbeat;
}

function givenUp({ name, advice }: Waiter, node: KubernetesNode | "unknown" | undefined, waited: number, missing: string | undefined): string {
  if (node === "unknown") return `${name} is not known to be Ready after ${seconds(waited)}: the API does not answer. ${advice}`;
  if (node?.ready && missing !== undefined) return `${name} is not done after ${seconds(waited)}: ${missing}. ${advice}`;
  const state = node?.ready ? "its kubelet has not been heard of since the machine was started" : node ? `its node is NotReady${node.reason ? ` (${node.reason})` : ""}` : "its node has not appeared";
  return `${name} is not Ready after ${seconds(waited)}: ${state}. ${advice}`;
}
