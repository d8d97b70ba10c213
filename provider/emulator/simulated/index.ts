import type { HypervisorContext } from "../hypervisor";
import { SimulatedHypervisor, type SimulatedOptions } from "./hypervisor";

export { CA_HASH_HEADER, SimulatedHypervisor, type SimulatedOptions } from "./hypervisor";
export { durations, type Durations } from "./durations";
export type { Violation, ViolationKind } from "./violations";

/**
 * Makes the hypervisor whose machines are played: a `HypervisorFactory`.
 * @example createSimulatedHypervisor(context, { durations: { boot: 1_000 } })
 */
export function createSimulatedHypervisor(context: HypervisorContext, options?: SimulatedOptions): SimulatedHypervisor {
  return new SimulatedHypervisor(context, options);
}
