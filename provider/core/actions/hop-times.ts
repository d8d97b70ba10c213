import type { Clock } from "../ports";

/** When each hop of an upgrade began: together its nodes have `timeouts.upgrade`. */
export class HopTimes {
  private readonly begun = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly longestMs: number,
  ) {}

  begin(version: string): void {
    this.begun.set(version, this.clock.now());
  }

  leftMs(version: string): number {
    const now = this.clock.now();
    return Math.max(0, (this.begun.get(version) ?? now) + this.longestMs - now);
  }
}
