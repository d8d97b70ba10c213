/** What the parts of the simulated agent do with a machine's phase. */
import type { Machine, Phase } from "./machine";

export interface Phases {
  /** Enters a phase that ends by itself. */
  begin(machine: Machine, phase: Phase, ms: number, line: string, change?: Parameters<Machine["enter"]>[2]): void;
  /** Sets the timer of the phase a machine is in; also after a restart of the process. */
  resume(machine: Machine): void;
  /** The round has failed; systemd starts the next. */
  fail(machine: Machine, reason: string): void;
}
