import type { Cancel, EmulatorClock } from "../../provider/emulator/clock";

/** Time that goes on only when a test says so. Timers due at one time fire in the order in which they were set. */
export class VirtualClock implements EmulatorClock {
  private time: number;
  private next = 0;
  private timers: { due: number; order: number; action: () => void }[] = [];

  constructor(start = Date.parse("2026-11-23T12:00:00Z")) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, action: () => void): Cancel {
    const timer = { due: this.time + Math.max(0, ms), order: this.next++, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Goes on to the next timer and fires it; false when there is none (before `until`). */
  step(until = Infinity): boolean {
    const first = this.timers.reduce<(typeof this.timers)[number] | undefined>((best, one) => (best === undefined || one.due < best.due || (one.due === best.due && one.order < best.order) ? one : best), undefined);
    if (first === undefined || first.due > until) return false;
    this.timers = this.timers.filter((one) => one !== first);
    this.time = first.due;
    first.action();
    return true;
  }

  /** Lets `ms` milliseconds pass, with everything that falls due in them. */
  pass(ms: number): void {
    const until = this.time + ms;
    while (this.step(until));
    this.time = until;
  }

  /** Goes on from timer to timer until `promise` is settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => (settled = true));
    watched.catch(() => undefined);
    for (let idle = 0; !settled; ) {
      await new Promise(setImmediate);
      if (settled) break;
      idle = this.step() ? 0 : idle + 1;
      if (idle > 1000) throw new Error("nothing is due, and the promise is not settled");
    }
    return watched;
  }
}
