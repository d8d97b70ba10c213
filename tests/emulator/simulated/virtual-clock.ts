import type { Cancel, EmulatorClock } from "../../../provider/emulator/clock";

/** Emulator time that only passes when a test lets it. */
export class VirtualClock implements EmulatorClock {
  private readonly timers = new Map<number, { readonly due: number; readonly action: () => void }>();
  private next = 1;

  constructor(private time = Date.parse("2026-12-01T00:00:00Z")) {}

  now(): number {
    return this.time;
  }

  after(ms: number, action: () => void): Cancel {
    const id = this.next++;
    this.timers.set(id, { due: this.time + Math.max(0, ms), action });
    return () => this.timers.delete(id);
  }

  /** Lets time pass; every timer that falls due fires at its own moment, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.due <= end).sort(([a, x], [b, y]) => x.due - y.due || a - b)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].due);
      due[1].action();
    }
    this.time = end;
  }

  get pending(): number {
    return this.timers.size;
  }
}
