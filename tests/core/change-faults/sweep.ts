/** A change of a cluster with something going wrong in it: what came of it, and whether the next run completes it. */
import { faultKinds, type FaultKind, type FaultOrder } from "../../../provider/emulator";
import { changes, restMs, type Change } from "../sweeps/change";
import { difference, violations } from "../sweeps/sweep";
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { locksLeft, MadeCluster } from "../world/made";

/** Something that goes wrong, and when. */
export interface Trouble {
  readonly order: FaultOrder;
  /** Beside it the run dies right after the call of that number. */
  readonly dies?: number;
  /** In words, where the order alone does not say it. */
  readonly when?: string;
}

/** What an undisturbed change does: moments are chosen by it. */
export interface Course {
  /** Of the change. */
  readonly name: string;
  /** Calls to Mold and to Kubernetes, in order. */
  readonly calls: readonly string[];
  readonly ms: number;
}

/** `service`: what befalls Mold's own Kubernetes service, which runs none of these clusters: swept in tests/core/managed. */
type Subject = "calls" | "jobs" | "machines" | "service";

/** Which file sweeps which kind. One that is new to the emulator is missing here until somebody says what it does to a change. */
const subjects: Record<FaultKind, Subject> = {
  droppedBefore: "calls",
  droppedAfter: "calls",
  httpError: "calls",
  slowAnswer: "calls",
  rateLimit: "calls",
  expiredCredentials: "calls",
  processKilled: "calls",
  jobFails: "jobs",
  slowJob: "jobs",
  jobPending: "jobs",
  noCapacity: "jobs",
  hostLost: "machines",
  machineNeverBoots: "machines",
  nodeNeverReady: "machines",
  serviceFails: "service",
  serviceHangs: "service",
  serviceRestarts: "service",
};

/** The first, a middle and the last of so many. */
export const momentsOf = (count: number): number[] => [...new Set([0, Math.floor(count / 2), count - 1])].filter((at) => at >= 0 && at < count);

/** How often a command can be hit: the last tag that goes is the lock, and where that fails it ends by itself. */
export const timesOf = ({ calls }: Course, command: string): number => calls.filter((call) => call === command).length - (command === "deleteTags" ? 1 : 0);

export const isMold = (call: string): boolean => !call.startsWith("kubernetes");

const described = ({ order, when }: Trouble): string => `${order.kind} ${String(order.command ?? order.name ?? "any call")} ${order.effect ?? ""} ${order.skip ? `after ${order.skip}` : ""} ${when ?? ""}`.replace(/ +/g, " ").trim();

const says = /run again|running again|Run again|[Rr]un later|Check |add capacity|[Ll]ook (at|whether)/;
const secret = /admin-secret|PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}/;

/** What came of one kind during one change. */
interface Row {
  readonly kind: FaultKind;
  struck: number;
  done: number;
  next: number;
  later: number;
  never: number;
}

interface User {
  /** How often they run it again each time that it fails. */
  readonly patience: number;
  /** What they do before that, beside that the cause is gone: what the error says. */
  readonly heed?: (life: Life, message: string) => Promise<void>;
  /** What they declare beside the change. */
  readonly declares?: Record<string, unknown>;
}

class FaultSweep {
  private readonly rows = new Map<string, Row>();

  constructor(
    private readonly user: User,
    private readonly table: Readonly<Record<string, Change>>,
  ) {}

  /** @returns what went wrong: nothing, if the library keeps its promises */
  async sweep(name: string, troublesOf: (course: Course) => readonly Trouble[]): Promise<string[]> {
    const change = this.changeOf(name);
    const made = await MadeCluster.make(change.from);
    try {
      const undisturbed = await begin(made, change);
      const began = undisturbed.cloud.clock.now();
      await undisturbed.up(change.to);
      const course = { name, calls: undisturbed.run.calls, ms: undisturbed.cloud.clock.now() - began };
      const goal = await atRest(undisturbed, change);
      const wrong: string[] = [];
      for (const trouble of troublesOf(course)) {
        const life = await begin(made, change);
        const found = await this.suffer(name, change, life, trouble);
        const state = await atRest(life, change).catch((error: unknown) => (error as Error).message);
        if (state !== goal) found.push(`another state\n${difference(goal, state)}`);
        if (violations(life.cloud).length > 0) found.push(JSON.stringify(violations(life.cloud)));
        if (locksLeft(life.cloud).length > 0) found.push("a lock is left");
        wrong.push(...found.map((each) => `${described(trouble)}: ${each}`));
      }
      return wrong;
    } finally {
      made.close();
    }
  }

  private changeOf(name: string): Change {
    const { from, before, to, then, plain }: Change = this.table[name]!;
    const declared = (declaration: Record<string, unknown>): Record<string, unknown> => ({ ...declaration, ...this.user.declares });
    return { from: declared(from), to: declared(to), ...(before ? { before: declared(before) } : {}), ...(then ? { then: declared(then) } : {}), ...(plain ? { plain } : {}) };
  }

  private async suffer(name: string, { to }: Change, life: Life, { order, dies }: Trouble): Promise<string[]> {
    const { cloud } = life;
    const wrong: string[] = [];
    const up = (options: Parameters<Life["up"]>[1] = {}): Promise<Error | undefined> => life.up(to, options).then(() => undefined, (error: unknown) => error as Error);
    // Elsewhere time stands still while a call is on its way.
    if (order.kind === "slowAnswer") cloud.clock.hold = (work) => work();
    const id = cloud.emulator.faults.order(order);
    let failed = await up(dies === undefined ? {} : { killAt: { call: dies, when: "after" } });
    const struck = cloud.emulator.faults.standing().every((standing) => standing.id !== id || standing.struck > 0);
    const wasKilled = life.run.wasKilled;
    cloud.emulator.faults.clear();
    const first = failed;
    // A server that died is started again; what was to befall a machine has befallen it.
    await cloud.clock.pass(order.kind === "processKilled" ? 10_000 : order.kind === "hostLost" ? order.ms! : 0);
    let runs = 0;
    const heard: string[] = [];
    // What befell a machine late in a run shows only in the next one.
    const looksAgain = subjects[order.kind] === "machines" || wasKilled;
    while ((failed || (runs === 0 && looksAgain)) && runs < this.user.patience) {
      if (failed) {
        heard.push(failed.message);
        await this.user.heed?.(life, failed.message);
      }
      runs += 1;
      failed = await up();
    }
    // A dead run's job that ends after all is drift, which one more run mends.
    if (order.kind === "jobPending" && !failed) {
      await cloud.clock.pass(order.ms!);
      failed = await up();
    }
    for (const message of heard) {
      if (!says.test(message)) wrong.push(`does not say what to do: ${message}`);
      if (secret.test(message)) wrong.push(`holds a secret: ${message}`);
    }
    if (failed) wrong.push(`${heard.join("\n  and then: ")}\n  and at last: ${failed.message}`);
    // A machine may never do what it was to fail at; the moments of calls and jobs are those of the undisturbed change.
    if (!struck && subjects[order.kind] !== "machines") wrong.push("never struck");
    this.note(name, order.kind, { struck, done: !first && !wasKilled, runs, failed: failed !== undefined });
    return wrong;
  }

  private note(name: string, kind: FaultKind, { struck, done, runs, failed }: { struck: boolean; done: boolean; runs: number; failed: boolean }): void {
    const key = `${name.padEnd(40)} ${kind.padEnd(18)}`;
    const row = this.rows.get(key) ?? { kind, struck: 0, done: 0, next: 0, later: 0, never: 0 };
    this.rows.set(key, row);
    if (!struck) return;
    row.struck += 1;
    row[failed ? "never" : done ? "done" : runs <= 1 ? "next" : "later"] += 1;
  }

  /** The kinds of these that have not struck once. */
  missed(subject: Subject): FaultKind[] {
    const struck = new Set([...this.rows.values()].flatMap((row) => (row.struck > 0 ? [row.kind] : [])));
    return faultKinds.filter((kind) => subjects[kind] === subject && !struck.has(kind));
  }

  /** Written at once: one line of jest's own would be around each otherwise. */
  print(): void {
    const number = (count: number): string => String(count).padStart(6);
    const head = `${"change".padEnd(40)} ${"fault".padEnd(18)} struck  done  next run  later  NEVER`;
    const lines = [...this.rows].map(([key, { struck, done, next, later, never }]) => `${key} ${number(struck)}${number(done)}${number(next).padStart(10)}${number(later).padStart(7)}${number(never).padStart(7)}`);
    process.stdout.write(`${[head, ...lines].join("\n")}\n`);
  }
}

async function begin(made: MadeCluster, { before }: Change): Promise<Life> {
  const life = new Life(made);
  if (before) await life.up(before);
  return life;
}

async function atRest(life: Life, { then, plain = (text) => text }: Change): Promise<string> {
  if (then) await life.up(then);
  await life.cloud.clock.pass(restMs);
  return plain(life.cloud.state());
}

/** The tests of a file: every change, and that the file's faults have struck. */
export function sweepEveryChange(subject: Subject, user: User, troublesOf: (course: Course) => readonly Trouble[], table: Readonly<Record<string, Change>> = changes): void {
  const sweep = new FaultSweep(user, table);
  beforeAll(sharedIdentity);
  afterAll(() => sweep.print());

  test.each(Object.keys(table))("%s", async (name) => {
    expect(await sweep.sweep(name, troublesOf)).toEqual([]);
  }, 600_000);

  test("each kind of fault has struck", () => {
    expect(sweep.missed(subject)).toEqual([]);
  });
}
