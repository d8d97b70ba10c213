import type { HypervisorFactory } from "../hypervisor";
import { NspawnHypervisor, type NspawnOptions } from "./hypervisor";

export { isoFolders, type IsoFolder } from "./discs";
export { NspawnHypervisor, type NspawnOptions } from "./hypervisor";
export { missing, thisHost, toolPackages } from "./requirements";
export { sweepAll } from "./sweep";

/**
 * Range of the public addresses unless another is given: TEST-NET-1, which is nobody's (RFC 5737). The whole of it ends at this host as long as
 * there is one of these addresses, so it must not be a range that the host uses.
 */
export const defaultNspawnRange = "192.0.2.0/24";

/** Makes the hypervisor whose machines are systemd-nspawn containers. Linux and root. */
export const nspawnHypervisor =
  (options: NspawnOptions): HypervisorFactory =>
  (context) =>
    new NspawnHypervisor(context, options);
