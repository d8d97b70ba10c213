/**
 * A client of its own process: every 100 ms a read or a write through the API's balancer, and a page through the ingress balancer, each on a
 * connection of its own, as a client that has just come would. Told to end (SIGTERM), it prints what it met, as JSON.
 *
 *     tsx load.ts <file>      the file holds LoadTargets as JSON
 */
import { readFileSync } from "node:fs";
import { request as overHttp } from "node:http";
import { request as overTls } from "node:https";

export interface LoadTargets {
  readonly api: { readonly host: string; readonly port: number; readonly ca: string; readonly cert: string; readonly key: string };
  /** Undefined: no page is asked for. */
  readonly page?: { readonly host: string; readonly port: number };
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly { readonly at: string; readonly why: string }[];
  /** The longest time between two answers. */
  readonly longestGapMs: number;
  /** Times without an answer that were longer than a second, by when they ended. */
  readonly gaps: readonly { readonly at: string; readonly ms: number }[];
  readonly slowestMs: number;
}

export type LoadReport = { readonly reads: LoadResult; readonly writes: LoadResult; readonly pages?: LoadResult };

const EVERY_MS = 100;
const PATIENCE_MS = 5_000;
const LONG_GAP_MS = 1_000;
const PATH = "/api/v1/namespaces/default/configmaps/load";

const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 23);

class Stream {
  private requests = 0;
  private slowestMs = 0;
  private longestGapMs = 0;
  private lastAnswer = Date.now();
  private readonly failures: { at: string; why: string }[] = [];
  private readonly gaps: { at: string; ms: number }[] = [];

  async ask(work: () => Promise<string | undefined>): Promise<void> {
    const begun = Date.now();
    this.requests += 1;
    const why = await work();
    const now = Date.now();
    if (why !== undefined) {
      this.failures.push({ at: clockTime(begun), why: `${why} after ${now - begun} ms` });
      return;
    }
    const gap = now - this.lastAnswer;
    if (gap > LONG_GAP_MS) this.gaps.push({ at: clockTime(now), ms: gap });
    this.longestGapMs = Math.max(this.longestGapMs, gap);
    this.slowestMs = Math.max(this.slowestMs, now - begun);
    this.lastAnswer = now;
  }

  get result(): LoadResult {
    const { requests, failures, gaps, slowestMs } = this;
    return { requests, failures, gaps, slowestMs, longestGapMs: Math.max(this.longestGapMs, failures.length > 0 ? Date.now() - this.lastAnswer : 0) };
  }
}

/** Resolves with what went wrong; undefined: nothing. */
function send(make: typeof overHttp | typeof overTls, options: object, body?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = make({ ...options, agent: false, timeout: PATIENCE_MS }, (answer) => {
      answer.resume().on("end", () => resolve((answer.statusCode ?? 0) < 300 ? undefined : `HTTP ${answer.statusCode}`)).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer"))).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}

async function main(): Promise<void> {
  const { api, page } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as LoadTargets;
  const call = (method: string, path: string, body?: object, type = "application/json"): Promise<string | undefined> =>
    send(overTls, { ...api, method, path, ...(body === undefined ? {} : { headers: { "content-type": type } }) }, body && JSON.stringify(body));
  await call("POST", PATH.replace(/\/load$/, ""), { metadata: { name: "load" }, data: { n: "0" } });
  const [reads, writes, pages] = [new Stream(), new Stream(), new Stream()];
  const underWay = new Set<Promise<void>>();
  const begin = (work: Promise<void>): void => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  let n = 0;
  const beat = setInterval(() => {
    n += 1;
    const even = n % 2 === 0;
    begin(even ? writes.ask(() => call("PATCH", PATH, { data: { n: String(n) } }, "application/merge-patch+json")) : reads.ask(() => call("GET", PATH)));
    if (page !== undefined) begin(pages.ask(() => send(overHttp, { ...page, path: "/" })));
  }, EVERY_MS);
  process.once("SIGTERM", () => {
    clearInterval(beat);
    void Promise.all(underWay).then(() => {
      const report: LoadReport = { reads: reads.result, writes: writes.result, ...(page === undefined ? {} : { pages: pages.result }) };
      process.stdout.write(JSON.stringify(report), () => process.exit(0));
    });
  });
}

if (require.main === module) void main();
