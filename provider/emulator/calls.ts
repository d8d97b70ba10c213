/** The log of calls: what was asked of the emulator, by whom, and what came of it. */

/** One call. */
export interface CallRecord {
  /** From 1, in the order in which the calls arrived. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The account, or `-` when nobody could be recognised. */
  readonly user: string;
  readonly command: string;
  /** Whether the command changes something: everything but `list*`, `get*` and `query*`. */
  readonly changing: boolean;
  /** The names of what the call names or points at. */
  readonly names: readonly string[];
  /** HTTP status; 0 when the connection was dropped. */
  readonly status: number;
  /** Mold's error code, when it refused. */
  readonly errorCode?: number;
}

/** Whether a command changes something, by its name. */
export function isChanging(command: string): boolean {
  return !/^(list|get|query)/i.test(command);
}

const KEPT = 200_000;

export class CallLog {
  private records: CallRecord[] = [];
  private next = 1;

  constructor(private readonly written: (record: CallRecord) => void) {}

  add(record: Omit<CallRecord, "number">): void {
    const numbered = { number: this.next++, ...record };
    this.records.push(numbered);
    if (this.records.length > KEPT) this.records = this.records.slice(KEPT / 2);
    this.written(numbered);
  }

  /** Calls with a number above `after`. */
  since(after = 0): readonly CallRecord[] {
    return after === 0 ? [...this.records] : this.records.filter(({ number }) => number > after);
  }

  clear(): void {
    this.records = [];
  }
}
