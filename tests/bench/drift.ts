/** Whether the emulator still takes as long as `critical-path.ts` holds. */
import { defaultDurations } from "../../provider/emulator/durations";
import { defaultSettings } from "../../provider/emulator/settings";
import { durations as machineDefaults } from "../../provider/emulator/simulated/durations";
import { jobDurations, machineDurations, placedAtOnce } from "./critical-path";

/** @throws Error naming every figure that differs: then either the emulator is wrong, or the table is changed on purpose, and goals with it */
export function assertNoDrift(): void {
  const fixed: Record<string, number> = { ...jobDurations, ...machineDurations, deploySlots: placedAtOnce, latency: 0 };
  const emulator: Record<string, unknown> = { ...defaultDurations, ...machineDefaults, ...defaultSettings };
  const differ = Object.entries(fixed).filter(([name, value]) => emulator[name] !== value);
  if (differ.length === 0) return;
  throw new Error(`tests/bench/critical-path.ts and the emulator differ: ${differ.map(([name, value]) => `${name} is ${value} there and ${String(emulator[name])} in the emulator`).join("; ")}`);
}
