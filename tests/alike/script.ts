/** What is done to a cluster on either hypervisor, step by step, while it is watched from outside. */
import { accessOf } from "../../provider/core/desired";
import { placeOf } from "../../provider/handlers/declaration";
import { declaration } from "../core/world/cluster";
import { Engine } from "../core/world/engine";
import { Recorder, type Line } from "./recorder";
import type { Site } from "./site";

const declared = (workers: number, version: string, powerState = "running"): Record<string, unknown> => declaration({ controlPlanes: 3, workers, version, powerState });

/** In this order; `destroy` follows. */
const changes = {
  "scale up": declared(3, "1.34"),
  "scale down": declared(2, "1.34"),
  upgrade: declared(2, "1.35"),
  stop: declared(2, "1.35", "stopped"),
  start: declared(2, "1.35"),
};

export const stages = ["create", ...Object.keys(changes), "destroy"];

/**
 * Plays it, whole. Afterwards there is nothing.
 * @param keep is told each line at once: should it fail half-way, that is what there is to look at
 */
export async function play(site: Site, keep: (line: Line) => void = () => undefined): Promise<readonly Line[]> {
  const engine = new Engine(declared(2, "1.34"), undefined, site.identity);
  const recorder = new Recorder(site, keep);
  const during = async (stage: string, work: () => Promise<void>): Promise<void> => {
    await recorder.begin(stage);
    await site.run(work());
    await site.run(recorder.quiet());
  };
  try {
    await during("create", async () => {
      const run = site.newRun();
      await engine.upEndpoint(run);
      recorder.watch(accessOf(site.identity, placeOf(engine.endpoint)));
      await engine.upCluster(run);
    });
    for (const [stage, change] of Object.entries(changes)) await during(stage, () => engine.declare(change).up(site.newRun()));
    await during("destroy", () => engine.destroy(site.newRun()));
    return recorder.lines;
  } finally {
    await site.run(recorder.end());
  }
}
