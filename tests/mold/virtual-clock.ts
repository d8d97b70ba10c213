import type { Clock } from "../../provider/core/ports";

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** Time that jumps to the next sleeper as soon as nobody has anything left to do, and stands still while something is held. */
export class VirtualClock implements Clock {
  private sleepers: Sleeper[] = [];
  private held = 0;
  private scheduled = false;

  constructor(private time = Date.parse("2026-11-23T14:00:00Z")) {}

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        at: this.time + ms,
        wake: () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.sleepers.push(sleeper);
      this.schedule();
    });
  }

  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.held++;
    try {
      return await work();
    } finally {
      this.held--;
      this.schedule();
    }
  }

  /** Immediates run after all promises that can go on have gone on. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.held > 0 || this.sleepers.length === 0) return;
      this.sleepers.sort((a, b) => a.at - b.at);
      const next = this.sleepers.shift();
      if (!next) return;
      this.time = Math.max(this.time, next.at);
      next.wake();
      this.schedule();
    });
  }
}
