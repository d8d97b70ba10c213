/** The emulated cloud: its store, its time, its ids, and what it must tell the hypervisor once a transaction is written. */
import { createHash } from "node:crypto";
import type { EmulatorClock } from "./clock";
import type { Durations } from "./durations";
import { exposures, routed } from "./exposure";
import type { Faults } from "./faults";
import type { Hypervisor } from "./hypervisor";
import type { EventRow, Row, TableName, Tables } from "./model";
import type { Settings } from "./settings";
import type { Store, Table } from "./store";

/** Tables that decide which public ports lead where, by which router. */
const exposing: readonly TableName[] = ["firewallRules", "aclItems", "forwards", "balancers", "machines", "addresses", "networks"];

/** How many events are kept; the oldest go first. */
const EVENTS_KEPT = 5000;

/** What an event says; who and when are added. */
export interface EventText {
  readonly type: string;
  readonly text: string;
  readonly state?: EventRow["state"];
  readonly level?: EventRow["level"];
  readonly resourceId?: string;
  readonly resourceType?: string;
  readonly resourceName?: string;
  readonly parentId?: string;
}

/** On whose behalf something happens. */
export interface Actor {
  readonly userId: string;
  readonly accountId: string;
  readonly projectId?: string;
}

export interface CloudParts {
  readonly store: Store;
  readonly clock: EmulatorClock;
  readonly settings: Settings;
  readonly durations: Durations;
  readonly faults: Faults;
  /** Lines for the process's log. */
  readonly log: (line: string) => void;
}

export class Cloud {
  readonly store: Store;
  readonly clock: EmulatorClock;
  readonly settings: Settings;
  readonly durations: Durations;
  readonly faults: Faults;
  readonly log: (line: string) => void;
  private effects: (() => void)[] = [];
  private shown = "";
  private inside = false;
  private attached: Hypervisor | undefined;
  private readonly watchers: { readonly table: TableName; readonly changed: () => void }[] = [];

  constructor(parts: CloudParts) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.durations = parts.durations;
    this.faults = parts.faults;
    this.log = parts.log;
  }

  attach(hypervisor: Hypervisor): void {
    this.attached = hypervisor;
    this.shown = "";
  }

  get hypervisor(): Hypervisor {
    if (this.attached === undefined) throw new Error("no hypervisor is attached yet");
    return this.attached;
  }

  table<N extends TableName>(name: N): Table<Tables[N]> {
    return this.store.table(name);
  }

  now(): number {
    return this.clock.now();
  }

  /** Runs one transaction, and after it is written what {@link afterwards} collected. */
  change<T>(work: () => T): T {
    if (this.inside) return work();
    this.inside = true;
    let outcome: { value: T; changed: ReadonlySet<TableName> };
    try {
      outcome = this.store.transact(work);
    } catch (error) {
      this.effects = [];
      throw error;
    } finally {
      this.inside = false;
    }
    const effects = this.effects;
    this.effects = [];
    for (const effect of effects) effect();
    for (const { table, changed } of this.watchers) if (outcome.changed.has(table)) changed();
    if (exposing.some((table) => outcome.changed.has(table))) this.expose();
    return outcome.value;
  }

  /** Told after each transaction that has changed a table. */
  watch(table: TableName, changed: () => void): void {
    this.watchers.push({ table, changed });
  }

  /** Something to do once the running transaction is written; forgotten when it is undone. */
  afterwards(effect: () => void): void {
    this.effects.push(effect);
  }

  /** Tells the hypervisor the public ports and routers, if they are others than it knows. */
  expose(): void {
    if (this.attached === undefined) return;
    const rules = exposures(this.store);
    const networks = routed(this.store);
    const text = JSON.stringify([rules, networks]);
    if (text === this.shown) return;
    this.shown = text;
    this.attached.exposure(rules, networks);
  }

  /** The next id: the same seed gives the same sequence. Only within a transaction. */
  uuid(): string {
    const n = this.count("uuid");
    const seed = String(this.table("meta").get("seed")?.value ?? "");
    const hex = createHash("sha1").update(`${seed}:${n}`).digest("hex");
    const variant = ((parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  /** The next of a named sequence, from 1. Only within a transaction. */
  count(name: string): number {
    const meta = this.table("meta");
    const id = `count ${name}`;
    const next = Number(meta.get(id)?.value ?? 0) + 1;
    meta.put({ id, number: 0, value: next });
    return next;
  }

  /** Id and database number for a new row. */
  identity(table: TableName): { id: string; number: number } {
    return { id: this.uuid(), number: this.count(table) };
  }

  /** Takes a row away and remembers that it was there. */
  drop(table: TableName, row: Row & { readonly accountId?: string; readonly name?: string }): void {
    (this.table(table) as unknown as Table<Row>).remove(row.id);
    const tags = this.table("tags");
    for (const tag of tags.filter((one) => one.resourceId === row.id)) tags.remove(tag.id);
    if (table === "balancers") {
      for (const policies of ["stickiness", "healthChecks"] as const) for (const policy of this.table(policies).filter(({ balancerId }) => balancerId === row.id)) this.drop(policies, policy);
    }
    this.table("removed").put({ id: row.id, number: row.number, table, name: row.name, accountId: row.accountId });
  }

  event(actor: Actor, text: EventText): string {
    const events = this.table("events");
    const { id, number } = this.identity("events");
    events.put({ id, number, created: this.now(), ...actor, state: "Completed", level: "INFO", ...text });
    if (events.size > EVENTS_KEPT) {
      const oldest = events.find(() => true);
      if (oldest !== undefined) events.remove(oldest.id);
    }
    return id;
  }
}
