import { Catalogue } from "../core/catalogue";
import type { MoldPort, World } from "../core/ports";

const catalogues = new WeakMap<MoldPort, Catalogue>();

/** One catalogue a connection and run: what one resource has asked for serves all others. */
export function catalogueOf({ mold }: World): Catalogue {
  const known = catalogues.get(mold) ?? new Catalogue(mold);
  catalogues.set(mold, known);
  return known;
}
