/** The two ways in: what a program declares comes to the handlers, whichever engine brings it, and here once without one and once by Terraform. */
import type { CheckResult } from "../../provider/handlers/handler";
import type { ClusterOutputs, DataArguments, DataResults } from "../../schema/generated/types";
import type { DataSourceName } from "../../schema/data-source";
import type { Management } from "../../schema/property";
import type { Cloud } from "../core/world/cloud";
import type { Life } from "../core/world/life";
import type { DeclaredRule } from "../handlers/rules";

export type Declared = Readonly<Record<string, unknown>>;
export type Prepare = (cloud: Cloud) => Promise<void>;

/** A cluster that is there: every test opens a copy of it. */
export interface Made {
  readonly open: () => Life;
  readonly close: () => void;
}

/** How people get into a cluster. */
export interface WayIn {
  readonly kubeconfig: string;
  readonly endpoint: string;
  /** The engine shows the kubeconfig to nobody unasked. */
  readonly isSecret: boolean;
  /** It is in the preview of a change. */
  readonly isKnownAhead: boolean;
}

export type Found = Pick<CheckResult<unknown>, "failures" | "warnings">;

export interface Door {
  /** Of whom everything is that comes in by it. */
  readonly owner: string;
  /** @param prepare what else there is to be before */
  make(declared: Declared, prepare?: Prepare): Promise<Made>;
  /** Takes over a cluster that somebody else has made, with its identity. */
  adopt(cloud: Cloud, declared: Declared): Promise<{ readonly outputs: ClusterOutputs; readonly plan: () => Promise<readonly string[]> }>;
  /** Of a cluster that isn't there. */
  check(cloud: Cloud, declared: Declared): Promise<Found>;
  read<Name extends DataSourceName>(cloud: Cloud, name: Name, given: DataArguments[Name]): Promise<DataResults[Name]>;
  up(life: Life, rule: DeclaredRule): Promise<void>;
  isAsDeclared(life: Life, rule: DeclaredRule): Promise<boolean>;
  destroy(life: Life, rule: DeclaredRule): Promise<void>;
  wayIn(life: Life, on: Management): Promise<WayIn>;
  isSecretInput(cloud: Cloud, property: string): Promise<boolean>;
  /** As a person reads it there: names of properties are written otherwise. */
  inWords(text: string): string;
}

/** How a door is called in tests, and in the table. */
export type Way = "handlers" | "terraform";
export const ways: readonly Way[] = ["handlers", "terraform"];

let open: Door | undefined;

/** The one that is open. */
export function door(): Door {
  if (!open) throw new Error("no door is open: tests of rows run inside of `through`");
  return open;
}

/** Does the work with everything coming in by that door. */
export async function through<T>(one: Door, work: () => Promise<T>): Promise<T> {
  const before = open;
  open = one;
  try {
    return await work();
  } finally {
    open = before;
  }
}

/** What is said, as the door that is open has it. */
export const said = (pattern: RegExp): RegExp => new RegExp(door().inWords(pattern.source), pattern.flags);
