/**
 * The embedded Mold: a management server in one process, for tests and for trying things out.
 * @example
 * import { createEmulator } from "ablestack-kubernetes/emulator";
 * const mold = createEmulator({ speed: 20 });
 * const url = await mold.listen();
 */
export { createEmulator, type Emulator, type EmulatorOptions, type EmulatorUser } from "./emulator";
export { faultKinds, Faults, type FaultKind, type FaultOrder, type StandingFault } from "./faults";
export { SystemClock, type Cancel, type EmulatorClock } from "./clock";
export { ConnectionDropped, NotRunning } from "./errors";
export { defaultDurations, type DurationName, type Durations } from "./durations";
export { leftOut as leftOutOfSnapshots } from "./snapshot";
export { rowsOnly } from "./rows";
export type { ApiRequest, ApiResponse } from "./dispatch";
export type { CallRecord } from "./calls";
export type { Capacity, UserSeed } from "./seed";
export type { Limits } from "./model";
export type { DirectRequest, DirectResponse, Hypervisor, HypervisorContext, HypervisorFactory, MachineSpec, PublicExposure } from "./hypervisor";
