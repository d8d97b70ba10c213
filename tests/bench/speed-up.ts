/** Figures of create: against the same work one machine after another. */
import { Cloud } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import type { Size } from "./critical-path";
import { figure, type Figure } from "./figures";
import { lifeOf, nameOf, sizes } from "./life";
import { createOneByOne } from "./one-by-one";

/** How many times as fast, at least. The least possible time (`critical-path.ts`) would give 3.7, 7.5 and 18.9. */
const goals: Readonly<Record<string, number>> = { "3+3": 3, "3+10": 6, "5+100": 15 };

export async function speedUpFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes) {
    const name = nameOf(size);
    const { create } = await lifeOf(size);
    const serial = await oneByOne(size);
    const note = `${(serial / 1000).toFixed(1)} s one by one, ${(create.ms / 1000).toFixed(1)} s all at once`;
    figures.push(figure(`create ${name}: one by one / time`, serial / create.ms, "ratio", { atLeast: goals[name]! }, note));
  }
  return figures;
}

async function oneByOne(size: Size): Promise<number> {
  const identity = await sharedIdentity();
  const cloud = new Cloud();
  const world = cloud.newRun().session.world(undefined, { owner: "serial", resource: "serial" });
  const began = cloud.clock.now();
  await cloud.clock.run(createOneByOne(world, size, identity));
  return cloud.clock.now() - began;
}
