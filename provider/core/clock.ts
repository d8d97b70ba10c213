import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "./ports";

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
  hold: (work) => work(),
};
