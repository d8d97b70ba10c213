/** A cluster that is there already: made once, and every test works on a copy of it. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmulatorOptions } from "../../../provider/emulator";
import type { MoldPort } from "../../../provider/core/ports";
import { Cloud, type Run, type UserName } from "./cloud";
import { create, declaration, type Recorded } from "./cluster";

export interface Opened {
  readonly cloud: Cloud;
  /** What an engine's state holds. */
  readonly recorded: Required<Recorded>;
}

export class MadeCluster {
  private copies = 0;

  private constructor(
    private readonly folder: string,
    private readonly then: number,
    private readonly recorded: Required<Recorded>,
    private readonly options: EmulatorOptions,
    readonly declared: Record<string, unknown>,
  ) {}

  /**
   * @param prepare what else there is to be, before the cluster is made
   * @param as who makes it; default: its handlers
   */
  static async make(
    declared = declaration({ controlPlanes: 1, workers: 2 }),
    options: { user?: UserName; emulator?: EmulatorOptions; prepare?: (cloud: Cloud) => Promise<void>; as?: (cloud: Cloud) => Promise<Required<Recorded>> } = {},
  ): Promise<MadeCluster> {
    const folder = mkdtempSync(join(tmpdir(), "made-"));
    const cloud = new Cloud({ ...options.emulator, state: join(folder, "whole") });
    await options.prepare?.(cloud);
    const byHandlers = (): Promise<Required<Recorded>> => cloud.clock.run(create(cloud.newRun({ user: options.user ?? "admin" }), {}, declared));
    const recorded = await (options.as ?? byHandlers)(cloud);
    const then = cloud.clock.now();
    await cloud.emulator.close();
    return new MadeCluster(folder, then, recorded, options.emulator ?? {}, declared);
  }

  open(options: EmulatorOptions = {}): Opened {
    const state = join(this.folder, `copy-${++this.copies}`);
    copyFileSync(join(this.folder, "whole"), state);
    return { cloud: new Cloud({ ...this.options, ...options, state }, this.then), recorded: { ...this.recorded } };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Mold as somebody at its screens has it, or another program. */
export function byHand(cloud: Cloud, user: UserName = "admin"): MoldPort {
  return cloud.newRun({ user }).world({ owner: "by hand" }).mold;
}

/** The run's calls that changed something. */
export const changing = (run: Run): string[] => run.calls.filter((call) => !/^(list|query|get|kubernetes GET)/.test(call));

/** What there is, without the machines' insides: for comparing what belongs to others. */
export interface Seen {
  readonly [table: string]: readonly Readonly<Record<string, unknown>>[];
}
export const seen = (cloud: Cloud): Seen => JSON.parse(cloud.emulator.snapshot()) as Seen;

/** Tags that say what a run was about to make, on whatever is there. */
export const intentsLeft = (cloud: Cloud): string[] => (seen(cloud).tags ?? []).flatMap(({ key }) => (String(key).startsWith("ablestack-intent-") ? [String(key)] : []));

/** Locks on whatever is there. */
export const locksLeft = (cloud: Cloud): string[] => (seen(cloud).tags ?? []).flatMap(({ key, value }) => (String(key).startsWith("ablestack-lock") ? [String(value)] : []));
