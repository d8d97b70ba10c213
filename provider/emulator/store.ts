/** The tables in memory, changed in transactions, each written to the journal before it counts. */
import { Journal, type Change } from "./journal";
import { tableNames, type Row, type TableName, type Tables } from "./model";

/** One table. Rows come in the order in which they were first put. */
export class Table<R extends Row> {
  private readonly rows = new Map<string, R>();

  constructor(private readonly changed: (id: string, before: R | undefined) => void) {}

  get(id: string): R | undefined {
    return this.rows.get(id);
  }

  all(): R[] {
    return [...this.rows.values()];
  }

  find(test: (row: R) => boolean): R | undefined {
    for (const row of this.rows.values()) if (test(row)) return row;
    return undefined;
  }

  filter(test: (row: R) => boolean): R[] {
    const found: R[] = [];
    for (const row of this.rows.values()) if (test(row)) found.push(row);
    return found;
  }

  get size(): number {
    return this.rows.size;
  }

  put(row: R): R {
    this.changed(row.id, this.rows.get(row.id));
    this.rows.set(row.id, row);
    return row;
  }

  /** @throws when there is no such row: a caller that isn't sure asks {@link get} first */
  patch(id: string, change: Partial<R>): R {
    const row = this.rows.get(id);
    if (row === undefined) throw new Error(`no row ${id} to change`);
    return this.put({ ...row, ...change });
  }

  remove(id: string): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    this.changed(id, row);
    this.rows.delete(id);
  }

  /** For loading and rolling back alone: not recorded as a change. */
  restore(id: string, row: R | undefined): void {
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
  }
}

type AnyTable = Table<Row>;

/** All tables, with a journal file or in memory alone. */
export class Store {
  private readonly tables = new Map<TableName, AnyTable>();
  private journal: Journal | undefined;
  private touched = new Map<string, { table: TableName; id: string; before: Row | undefined }>();
  private depth = 0;
  /** Bytes of a torn last line that opening dropped. */
  readonly torn: number = 0;

  /** @param path the journal's file; undefined keeps everything in memory */
  constructor(path?: string) {
    for (const name of tableNames) {
      this.tables.set(name, new Table<Row>((id, before) => this.note(name, id, before)));
    }
    if (path === undefined) return;
    const { journal, opened } = Journal.open(path);
    this.journal = journal;
    this.torn = opened.torn;
    for (const transaction of opened.transactions) {
      for (const [name, id, row] of transaction) this.tables.get(name as TableName)?.restore(id, (row ?? undefined) as Row | undefined);
    }
  }

  table<N extends TableName>(name: N): Table<Tables[N]> {
    return this.tables.get(name) as unknown as Table<Tables[N]>;
  }

  /**
   * Runs `work`; all its changes are written together when it returns, or undone when it throws. One inside another is part
   * of the outer one.
   */
  transact<T>(work: () => T): { value: T; changed: ReadonlySet<TableName> } {
    if (this.depth > 0) return { value: work(), changed: new Set() };
    this.depth = 1;
    try {
      const value = work();
      return { value, changed: this.commit() };
    } catch (error) {
      for (const { table, id, before } of [...this.touched.values()].reverse()) this.tables.get(table)?.restore(id, before);
      this.touched.clear();
      throw error;
    } finally {
      this.depth = 0;
    }
  }

  /** Takes everything away, the file's content too. */
  clear(): void {
    this.transact(() => {
      for (const table of this.tables.values()) for (const row of table.all()) table.remove(row.id);
    });
    this.journal?.compact([]);
  }

  close(): void {
    this.journal?.close();
    this.journal = undefined;
  }

  private note(table: TableName, id: string, before: Row | undefined): void {
    if (this.depth === 0) throw new Error(`a change of ${table} outside a transaction`);
    const key = `${table} ${id}`;
    if (!this.touched.has(key)) this.touched.set(key, { table, id, before });
  }

  private commit(): ReadonlySet<TableName> {
    const changed = new Set<TableName>();
    for (const { table } of this.touched.values()) changed.add(table);
    if (this.journal !== undefined && this.touched.size > 0) {
      const changes: Change[] = [];
      for (const { table, id } of this.touched.values()) changes.push([table, id, this.tables.get(table)?.get(id) ?? null]);
      this.journal.append(changes);
      if (this.journal.grown(this.rowCount())) this.journal.compact(this.everything());
    }
    this.touched.clear();
    return changed;
  }

  private rowCount(): number {
    let count = 0;
    for (const table of this.tables.values()) count += table.size;
    return count;
  }

  private *everything(): Generator<Change> {
    for (const [name, table] of this.tables) for (const row of table.all()) yield [name, row.id, row];
  }
}
