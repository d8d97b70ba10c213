import { ClusterError } from "./errors";
import { seconds } from "./execute";
import type { Clock } from "./ports";

/** Bounded waits. The first look is at once, later ones further and further apart, so that waiting long asks little. */
export class Patience {
  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly longestMs: number,
  ) {}

  /** Looks until `look` answers something. `giveUp` words the error: what was last seen, and what to do. */
  async until<T>(look: () => Promise<T | undefined>, giveUp: (waited: string) => string): Promise<T> {
    const since = this.clock.now();
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      const waited = this.clock.now() - since;
      if (waited >= this.longestMs) throw new ClusterError(giveUp(seconds(waited)));
      await this.clock.sleep(Math.min(nextLookMs(waited), this.longestMs - waited + 1), this.signal);
    }
  }
}

/** A twentieth of the time waited so far: what is found late is found at most 5 % late. Between one second and five. */
export const nextLookMs = (waitedMs: number): number => Math.min(5000, Math.max(1000, waitedMs / 20));
