/**
 * Faults to order. An order says what happens, to which calls or machines, after how many, and how often. The emulator asks
 * at the places where the thing can happen; asking takes one off the order.
 */

/** Every kind of fault there is; tests go through all of them. */
export const faultKinds = [
  /** The job of a matching command ends with `code` (530) and `text`; a deployed machine is left in state Error. */
  "jobFails",
  /** A deploy or start finds no host: 533 in the job, the deployed machine is left in state Error. */
  "noCapacity",
  /** The call is answered with HTTP `code` (503) and no JSON; `effect: "after"` when the command took effect. */
  "httpError",
  /** The connection is dropped before the command took effect. */
  "droppedBefore",
  /** The connection is dropped after the command took effect. */
  "droppedAfter",
  /** The answer comes `ms` (5,000) later. */
  "slowAnswer",
  /** The job takes `ms` (60,000) longer. */
  "slowJob",
  /** The job stays pending until `faults.release()` or until `ms` (600,000) have passed. */
  "jobPending",
  /** The host of a matching machine is lost `ms` (30,000) after it runs, or, if it does, after the order; all machines on it are Stopped; the host comes back later. */
  "hostLost",
  /** A matching machine is Running for Mold, but its system never comes up. */
  "machineNeverBoots",
  /** A matching machine boots and joins, but its node never turns Ready. */
  "nodeNeverReady",
  /**
   * Mold's Kubernetes service fails at a matching machine that it works on in a matching command, with `text`: a create ends in Error, all
   * else in Alert, and everything stays as it is by then. `effect: "after"`: when the machine runs, or its node is upgraded and not open yet.
   */
  "serviceFails",
  /** It hangs at a matching machine for `ms` (600,000), and goes on afterwards if its cluster is still in that state. */
  "serviceHangs",
  /**
   * Mold is restarted while its Kubernetes service works at a matching machine in a matching command: the job is cancelled, nobody goes on with it, and
   * the cluster keeps the state that it had, but for what Mold makes of that after its start. `effect` as for `serviceFails`.
   */
  "serviceRestarts",
  /** 429: too many calls. */
  "rateLimit",
  /** 401: the keys are not accepted any more. */
  "expiredCredentials",
  /** The emulator dies before (or `effect: "after"`) the call; in its own process by SIGKILL. With `pid`, that process is killed instead. */
  "processKilled",
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** An order for a fault. */
export interface FaultOrder {
  readonly kind: FaultKind;
  /** Commands it applies to: one name, several, or a pattern with `*`. Default: all calls but those of the job poll. */
  readonly command?: string | readonly string[];
  /** A pattern with `*` for the name of a resource that the call names or points at, or of the machine. Default: any. */
  readonly name?: string;
  /** The account that calls. Default: any. */
  readonly account?: string;
  /** Only calls that change something. Default false. */
  readonly changing?: boolean;
  /** How many matching calls pass before it strikes. Default 0. */
  readonly skip?: number;
  /** How often it strikes. Default 1; `Infinity` (in JSON: -1) for ever. */
  readonly count?: number;
  readonly code?: number;
  readonly text?: string;
  readonly ms?: number;
  readonly effect?: "before" | "after";
  /** `processKilled`: the process to kill instead of the emulator. */
  readonly pid?: number;
}

/** An order with what is left of it. */
export interface StandingFault extends FaultOrder {
  readonly id: number;
  readonly skipped: number;
  readonly struck: number;
}

/** What an order is matched against. */
export interface FaultSubject {
  readonly command?: string;
  readonly names: readonly string[];
  readonly account?: string;
  readonly changing?: boolean;
}

const pattern = (text: string): RegExp => new RegExp(`^${text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`, "i");

const unordered = new Set(["queryAsyncJobResult"]);

/** The orders of one emulator. They are kept in memory: a killed emulator forgets them. */
export class Faults {
  private readonly orders = new Map<number, { order: FaultOrder; skipped: number; struck: number }>();
  private next = 1;

  /**
   * @param released called by {@link release} for jobs that are held
   * @param ordered called after each order: what it is for may be there already
   */
  constructor(
    private readonly released: () => void = () => undefined,
    private readonly ordered: (kind: FaultKind) => void = () => undefined,
  ) {}

  /**
   * Orders a fault. Returns the order's number.
   * @throws when the kind is unknown
   * @example emulator.faults.order({ kind: "droppedAfter", command: "deployVirtualMachine", skip: 2 });
   */
  order(order: FaultOrder): number {
    if (!faultKinds.includes(order.kind)) throw new Error(`kind: there is no fault "${String(order.kind)}"; there are ${faultKinds.join(", ")}`);
    const id = this.next++;
    this.orders.set(id, { order, skipped: 0, struck: 0 });
    this.ordered(order.kind);
    return id;
  }

  /** Takes back one order, or all. */
  clear(id?: number): void {
    if (id === undefined) this.orders.clear();
    else this.orders.delete(id);
  }

  /** The orders that may still strike. */
  standing(): StandingFault[] {
    return [...this.orders].map(([id, { order, skipped, struck }]) => ({ ...order, id, skipped, struck }));
  }

  /** Lets go every job that `jobPending` holds. */
  release(): void {
    this.released();
  }

  /** The order of that kind which strikes now, if one does; it is one less afterwards. */
  take(kind: FaultKind, subject: FaultSubject): FaultOrder | undefined {
    for (const [id, standing] of this.orders) {
      const { order } = standing;
      if (order.kind !== kind || !matches(order, subject)) continue;
      if (standing.skipped < (order.skip ?? 0)) {
        standing.skipped += 1;
        continue;
      }
      standing.struck += 1;
      const count = order.count ?? 1;
      if (count >= 0 && standing.struck >= count) this.orders.delete(id);
      return order;
    }
    return undefined;
  }
}

function matches(order: FaultOrder, subject: FaultSubject): boolean {
  const { command, name, account, changing } = order;
  if (command === undefined) {
    if (subject.command !== undefined && unordered.has(subject.command)) return false;
  } else {
    const wanted = typeof command === "string" ? [command] : command;
    if (subject.command === undefined || !wanted.some((one) => pattern(one).test(subject.command ?? ""))) return false;
  }
  if (name !== undefined && !subject.names.some((one) => pattern(name).test(one))) return false;
  if (account !== undefined && subject.account !== account) return false;
  return changing !== true || subject.changing === true;
}
