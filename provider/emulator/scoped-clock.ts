/** A clock whose timers can all be cancelled at once: what one run of the emulator has set dies with that run. */
import type { Cancel, EmulatorClock } from "./clock";

export class ScopedClock implements EmulatorClock {
  private readonly pending = new Set<Cancel>();
  private closed = false;

  constructor(private readonly clock: EmulatorClock) {}

  get speed(): number {
    return this.clock.speed ?? 1;
  }

  now(): number {
    return this.clock.now();
  }

  after(ms: number, action: () => void): Cancel {
    if (this.closed) return () => undefined;
    const forget: Cancel = () => {
      this.pending.delete(forget);
      cancel();
    };
    const cancel = this.clock.after(ms, () => {
      this.pending.delete(forget);
      if (!this.closed) action();
    });
    this.pending.add(forget);
    return forget;
  }

  close(): void {
    this.closed = true;
    for (const cancel of [...this.pending]) cancel();
  }
}
