/**
 * Changes of the rules of one place, one after another: the router behind it is given all its rules anew with every change, and two
 * jobs that do so at once get into each other's way. Different places change at the same time.
 */
import type { MoldPort, World } from "../ports";

const lines = new WeakMap<MoldPort, Map<string, Promise<unknown>>>();

/** Begins the work when all that was asked for before at this place has ended, well or badly. */
export async function inTurn<T>({ mold }: World, place: string, work: () => Promise<T>): Promise<T> {
  const line = lines.get(mold) ?? new Map<string, Promise<unknown>>();
  lines.set(mold, line);
  const before = line.get(place) ?? Promise.resolve();
  const turn = before.then(work, work);
  line.set(place, turn);
  try {
    return await turn;
  } finally {
    if (line.get(place) === turn) line.delete(place);
  }
}
