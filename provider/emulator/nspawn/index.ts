import type { HypervisorFactory } from "../hypervisor";
import { NspawnHypervisor, type NspawnOptions } from "./hypervisor";

export { isoFolders, type IsoFolder } from "./discs";
export { NspawnHypervisor, type NspawnOptions } from "./hypervisor";
export { missing, thisHost, toolPackages } from "./requirements";
export { sweepAll } from "./sweep";
export { takenRange } from "./taken-range";

/**
 * Range of the public addresses unless another is given: of those kept for benchmarks (RFC 2544), which are nobody's. The whole of it
 * ends at this host as long as there is one of these addresses, so it must not be a range that the host uses.
 */
export const defaultNspawnRange = "198.18.0.0/24";

/** Makes the hypervisor whose machines are systemd-nspawn containers. Linux and root. */
export const nspawnHypervisor =
  (options: NspawnOptions): HypervisorFactory =>
  (context) =>
    new NspawnHypervisor(context, options);
