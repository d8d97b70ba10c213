import type { Management } from "../../schema/property";
import { EndpointRun, type Endpoint } from "../core/endpoint";
import { ManagedPlaceRun, type DesiredManagedPlace } from "../core/managed/place";
import type { World } from "../core/ports";
import { catalogueOf } from "./catalogues";

export interface PlaceRun {
  create(): Promise<Endpoint>;
  /** Undefined: it is gone. */
  read(place: Endpoint): Promise<Endpoint | undefined>;
  delete(): Promise<void>;
}

/** Who makes the place of a cluster, by who runs it. */
export const placeRuns: Readonly<Record<Management, (world: World, desired: DesiredManagedPlace) => PlaceRun>> = {
  core: (world, desired) => new EndpointRun(world, catalogueOf(world), desired),
  mold: (world, desired) => new ManagedPlaceRun(world, catalogueOf(world), desired),
};
