/** Where the script is played: a cloud with either hypervisor, and the ways to look at it from outside. */
import type { Clock, ClusterAccess, KubernetesPort, MoldPort } from "../../provider/core/ports";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import type { EngineRun } from "../core/world/engine";

/** The API server does not go back that far: what there is has to be listed anew. */
export class TooOld extends Error {
  override readonly name = "TooOld";
}

export interface Site {
  readonly clock: Clock;
  readonly identity: ClusterIdentityOutputs;
  /** Mold as an administrator has it. */
  readonly mold: MoldPort;
  kubernetes(access: ClusterAccess): KubernetesPort;
  /** Rejects when nobody answers, or not with 200. */
  get(access: ClusterAccess, path: string): Promise<string>;
  /** Lines as they come, until the watch ends. Rejects when nobody answers; with {@link TooOld}. */
  watch(access: ClusterAccess, path: string, line: (text: string) => void, signal: AbortSignal): Promise<void>;
  newRun(): EngineRun;
  /** Lets time pass until the work has ended. */
  run<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}
