/**
 * What every resource offers every engine: check, diff, create, read, update, delete. Adapters translate; they decide nothing.
 */
import type { World } from "../core/ports";

/** An input an engine does not know yet (at preview). Adapters put it in place of their own marker. */
export const unknown: unique symbol = Symbol.for("ablestack-kubernetes.unknown") as never;
export const isUnknown = (value: unknown): boolean => value === unknown;

/** True when anything inside is unknown. */
export function hasUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** Filled in by the SDKs, not by programs: who declares the resource, and under which name. */
export interface Declared {
  readonly declaredBy: {
    /** `pulumi:<organization>/<project>/<stack>` */
    readonly owner: string;
    /** The resource's name in the program. */
    readonly resource: string;
  };
}

/** One thing wrong with a declaration. `property` is a path: `workers.count`. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult<Inputs> {
  /** The inputs with defaults filled in. */
  readonly inputs: Inputs;
  readonly failures: readonly CheckFailure[];
  /** Said once, not refused: an even number of control planes, say. */
  readonly warnings: readonly string[];
}

export interface DiffResult {
  readonly changes: boolean;
  /** Properties that can only change by replacing the resource. */
  readonly replaces: readonly string[];
  /** The plan in words, a line each; empty when there is nothing to do. */
  readonly plan: readonly string[];
}

/** What an engine recorded. */
export interface State<Inputs, Outputs> {
  readonly inputs: Inputs;
  readonly outputs: Outputs;
}

/** How somebody else reaches Mold, and as whom. Never in a state, an error or a log. */
export interface CloudCredentials {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly projectId?: string;
  readonly insecure?: boolean;
}

/** How a handler gets at the world: connections by name, one Mold client each, shared by all resources of a run. */
export interface Session {
  /** The keys of a connection, for what is to ask Mold by itself. Throws as `world` does. */
  credentials(connection: string | undefined): CloudCredentials;
  /** Throws an error that names what to configure when there is no such connection. */
  world(connection: string | undefined, declared: Declared["declaredBy"]): World;
}

export interface Handler<Inputs, Outputs> {
  check(session: Session, olds: Inputs | undefined, news: Inputs): Promise<CheckResult<Inputs>>;
  diff(session: Session, id: string, olds: State<Inputs, Outputs>, news: Inputs): Promise<DiffResult>;
  create(session: Session, inputs: Inputs): Promise<{ id: string; outputs: Outputs }>;
  /** `undefined`: it is gone. */
  read(session: Session, id: string, state: State<Inputs, Outputs>): Promise<{ id: string; outputs: Outputs } | undefined>;
  update(session: Session, id: string, olds: State<Inputs, Outputs>, news: Inputs): Promise<{ outputs: Outputs }>;
  delete(session: Session, id: string, state: State<Inputs, Outputs>): Promise<void>;
}

/** Something was made, not all of it: the engine records the id and the outputs, and the next run goes on from there. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  constructor(
    readonly id: string,
    readonly outputs: unknown,
    readonly reasons: readonly string[],
    options?: ErrorOptions,
    /** What counts as declared from now on, for an engine that records what it was asked for. Default: that. */
    readonly declared?: unknown,
  ) {
    super(reasons.join("\n"), options);
  }
}
