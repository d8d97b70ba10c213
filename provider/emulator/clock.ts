/**
 * The emulator's own time. Everything that takes time in the emulated cloud (jobs, boots, expunges, expiries) is a timer
 * on one of these, so that a test can hand in a virtual clock and let hours pass without real time passing.
 */

/** Cancels a timer. Cancelling one that has fired, or twice, does nothing. */
export type Cancel = () => void;

/** Time as the emulated server sees it. */
export interface EmulatorClock {
  /** The time of day in milliseconds since the epoch, as the server prints it and checks expiries against: real time, or virtual. */
  now(): number;
  /**
   * Runs `action` once, when `ms` milliseconds of work have passed; with a {@link speed} of 10, 5000 ms of work are over
   * when `now()` has gone on by 500. 0 or less: as soon as the caller has returned, never inside this call. Timers due at
   * the same time fire in the order in which they were set.
   */
  after(ms: number, action: () => void): Cancel;
  /** How many milliseconds of work fit into one of `now()`. Undefined is 1. Needed to take up work after a restart. */
  readonly speed?: number;
}

/** The longest delay that Node's timers take; longer ones are set again when they fire. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's clock. Work goes `speed` times as fast; the time of day does not. Timers do not keep the process alive. */
export class SystemClock implements EmulatorClock {
  constructor(readonly speed: number = 1) {
    if (!(speed > 0)) throw new Error(`speed must be a number above 0, found ${speed}`);
  }

  now(): number {
    return Date.now();
  }

  after(ms: number, action: () => void): Cancel {
    const due = performance.now() + Math.max(0, ms) / this.speed;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = Math.max(0, due - performance.now());
      timer = setTimeout(left > LONGEST_DELAY ? arm : action, Math.min(left, LONGEST_DELAY));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  }
}

/** What is left, in milliseconds of work, of `ms` begun at `started`. Never below 0. */
export function workLeft(clock: EmulatorClock, started: number, ms: number): number {
  return Math.max(0, ms - (clock.now() - started) * (clock.speed ?? 1));
}
