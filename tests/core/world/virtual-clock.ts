/** Time that passes only when nobody has anything left to do: hours of boots and waits in milliseconds, the same way every time. */
import type { Clock } from "../../../provider/core/ports";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
}

/** One for both sides: the core sleeps on it, the emulator sets its timers on it. */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Timer>();
  private held = 0;
  private wake: (() => void) | undefined;

  constructor(start = Date.parse("2026-01-01T00:00:00Z")) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, fire: () => void): () => void {
    const timer: Timer = { due: this.time + Math.max(0, ms), order: this.order++, fire };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const aborted = (): void => {
        cancel();
        reject(signal!.reason as Error);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      });
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.held += 1;
    try {
      return await work();
    } finally {
      this.held -= 1;
      if (this.held === 0) this.wake?.();
    }
  }

  /** Lets time run until `work` has ended. `limitMs` of virtual time guards against a wait without end. */
  async run<T>(work: Promise<T>, limitMs = 24 * 3600_000): Promise<T> {
    let ended = false;
    const end = (): void => {
      ended = true;
      this.wake?.();
    };
    work.then(end, end);
    const until = this.time + limitMs;
    for (;;) {
      // Everything that is ready to go on does so before the next tick of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) return work;
      if (this.held > 0) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        this.wake = undefined;
        continue;
      }
      if (!this.fireNext()) throw new Error("virtual time stands still: everybody waits and no timer is set");
      if (this.time > until) throw new Error(`still not done after ${limitMs / 1000} s of virtual time`);
    }
  }

  /** Lets time pass, with whatever happens in it. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms));
  }

  private fireNext(): boolean {
    let next: Timer | undefined;
    for (const timer of this.timers) if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) next = timer;
    if (!next) return false;
    this.timers.delete(next);
    this.time = Math.max(this.time, next.due);
    next.fire();
    return true;
  }
}
