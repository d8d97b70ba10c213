/** What a command is made of. Commands are grouped by noun in `commands/`. */
import type { Call } from "./call";
import type { ApiError } from "./errors";
import type { JobRow, TableName } from "./model";

interface Common {
  /** Only for the root admin: others are told that the API does not exist for them (432). */
  readonly admin?: true;
  /** Tables of parameters whose meaning hangs on the command, as `id`; `any` is looked up in none. */
  readonly refs?: Readonly<Record<string, TableName | "any">>;
  /** The key of the answer where it isn't `<command in lower case>response`. */
  readonly key?: string;
}

/** A command that answers at once. */
export interface SyncCommand extends Common {
  readonly kind: "sync";
  run(call: Call): object;
}

/** What the first part of an asynchronous command decides. */
export interface Begun {
  /** Answered at once beside the job's id, for commands that create. */
  readonly id?: string;
  readonly instanceType?: string;
  readonly instanceId?: string;
  /** Milliseconds of work. */
  readonly ms: number;
  /** Takes one of the few places in which machines are placed and started; waits until one is free. */
  readonly placing?: boolean;
  /** Waits for other such jobs on the same instance. */
  readonly alone?: boolean;
  /** Kept with the job for what follows. */
  readonly made?: Readonly<Record<string, string>>;
}

/** What starting a job changes of it. */
export interface Started {
  readonly ms?: number;
  readonly made?: Readonly<Record<string, string>>;
}

/** How long the next part takes, and what is kept for it. */
export interface Proceeded {
  readonly ms: number;
  readonly made?: Readonly<Record<string, string>>;
}

/** A command that is done by a job. Each part is one transaction. */
export interface AsyncCommand extends Common {
  readonly kind: "async";
  /** Checks, and makes what is answered at once. Throwing refuses the call itself. */
  begin(call: Call): Begun;
  /** When the job's work starts: at once, or when it has got its place. */
  start?(call: Call, job: JobRow): Started | undefined;
  /** Begun with its work, and waited for beside its time: what takes real time where machines are not played. Begun anew when the process was. */
  awaits?(call: Call, job: JobRow): Promise<void> | undefined;
  /**
   * Work in several parts: what is done when the time of one is over, each part a transaction of its own. Undefined: the last one is,
   * and {@link finish} follows. Returning an {@link ApiError} fails the job and keeps what was done.
   */
  proceed?(call: Call, job: JobRow): Proceeded | ApiError | undefined;
  /** When its time is over. Throwing an {@link ApiError} fails the job and undoes what was changed; returning one fails it and keeps that. */
  finish(call: Call, job: JobRow): object | ApiError;
  /** Puts right what {@link start} changed when an ordered fault or a throw ends the job. */
  failed?(call: Call, job: JobRow): void;
}

export type Command = SyncCommand | AsyncCommand;

export type Commands = Readonly<Record<string, Command>>;
