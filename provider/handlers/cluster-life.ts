/** What the life of a cluster consists of, whoever runs it. One table says who does it for which management. */
import type { Management } from "../../schema/property";
import type { CheckedClusterInputs, ClusterOutputs } from "../../schema/generated/types";
import type { Problem } from "../core/plan-input";
import { coreLife } from "./core-life";
import type { Declared, Session, State } from "./handler";
import { moldLife } from "./mold-life";

export type ClusterInputs = CheckedClusterInputs & Declared;
export type ClusterState = State<ClusterInputs, ClusterOutputs>;

export interface ClusterLife {
  /** What is to be done, a line each, and whether there is anything. */
  plan(): Promise<{ readonly isDone: boolean; readonly lines: readonly string[]; readonly problems: readonly Problem[] }>;
  /** `birth`: this is a create, which begins a new life of it. */
  apply(options: { readonly birth: boolean }): Promise<{ readonly id: string; readonly outputs: ClusterOutputs }>;
  /** What is there of it, as far as it is known whose it is; undefined: nothing. */
  read(generation?: string): Promise<{ readonly id: string; readonly outputs: ClusterOutputs } | undefined>;
  delete(generation: string): Promise<void>;
}

/** @param looking lists are shared with other resources that only look */
export type MakeLife = (session: Session, inputs: ClusterInputs, former?: ClusterState, looking?: "looking") => ClusterLife;

export const lives: Readonly<Record<Management, MakeLife>> = { core: coreLife, mold: moldLife };
