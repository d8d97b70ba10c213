import type { HypervisorFactory } from "../hypervisor";
import { NspawnHypervisor, type NspawnOptions } from "./hypervisor";

export { isoFolders, type IsoFolder } from "./discs";
export { NspawnHypervisor, type NspawnOptions } from "./hypervisor";
export { missing, thisHost, toolPackages } from "./requirements";
export { sweepAll } from "./sweep";

/** Range of the public addresses unless another is given: TEST-NET-3, which is nobody's (RFC 5737). */
export const defaultNspawnRange = "203.0.113.0/24";

/** Makes the hypervisor whose machines are systemd-nspawn containers. Linux and root. */
export const nspawnHypervisor =
  (options: NspawnOptions): HypervisorFactory =>
  (context) =>
    new NspawnHypervisor(context, options);
