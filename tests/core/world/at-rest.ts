/** What every story of a cluster ends with, whatever was met on the way. */
import type { Cloud } from "./cloud";
import type { Engine } from "./engine";
import { changing } from "./made";

/** An `up` changes nothing, a plan is empty, and a destroy leaves nothing. */
export async function expectAtRestAndWholeToDestroy(cloud: Cloud, engine: Engine): Promise<void> {
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(changing(run)).toEqual([]);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
}
