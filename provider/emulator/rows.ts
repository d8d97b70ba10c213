/** A hypervisor whose machines are rows alone: nothing boots, nothing listens. For tests of the API by itself. */
import type { HypervisorFactory } from "./hypervisor";

export const rowsOnly: HypervisorFactory = () => ({
  start: () => undefined,
  stop: () => undefined,
  reboot: () => undefined,
  destroy: () => undefined,
  attachIso: () => undefined,
  detachIso: () => undefined,
  updateUserData: () => undefined,
  exposure: () => undefined,
  restore: () => undefined,
  close: () => Promise.resolve(),
});
