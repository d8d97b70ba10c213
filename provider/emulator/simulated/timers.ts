/** Named timers at points of emulator time: setting one again moves it. */
import type { Cancel, EmulatorClock } from "../clock";

export class Timers {
  private readonly running = new Map<string, { readonly due: number; readonly cancel: Cancel }>();

  constructor(private readonly clock: EmulatorClock) {}

  /** Runs `action` once when the clock shows `due` (emulator time); a time that has passed means as soon as possible. */
  at(name: string, due: number, action: () => void): void {
    this.cancel(name);
    const cancel = this.clock.after(Math.max(0, due - this.clock.now()), () => {
      this.running.delete(name);
      action();
    });
    this.running.set(name, { due, cancel });
  }

  has(name: string): boolean {
    return this.running.has(name);
  }

  cancel(name: string): void {
    this.running.get(name)?.cancel();
    this.running.delete(name);
  }

  close(): void {
    for (const name of [...this.running.keys()]) this.cancel(name);
  }
}
