/** How rules over several properties read inputs in which anything may be absent, unknown or wrong. */
import { own } from "./declared";
import { isAbsent, isRecord, type IsUnknown } from "./property";
import type { Reading } from "./resource";

/** Follows a path; an unknown on the way is what everything below it is. */
function valueAt(inputs: Readonly<Record<string, unknown>>, path: string, isUnknown: IsUnknown): unknown {
  let value: unknown = inputs;
  for (const name of path.split(".")) {
    if (isUnknown(value)) return value;
    if (!isRecord(value)) return undefined;
    value = own(value, name);
  }
  return value;
}

/** `isInvalid` tells the paths that are wrong in themselves: no rule should say a second word on them. */
export function readingOf(inputs: Readonly<Record<string, unknown>>, isUnknown: IsUnknown, isInvalid: (path: string) => boolean = () => false): Reading {
  const at = (path: string): unknown => valueAt(inputs, path, isUnknown);
  return {
    inputs,
    isUnknown,
    at,
    integer(path) {
      const value = at(path);
      return typeof value === "number" && !isUnknown(value) && !isInvalid(path) ? value : undefined;
    },
    text(path) {
      const value = at(path);
      return typeof value === "string" && !isUnknown(value) && !isInvalid(path) ? value : undefined;
    },
    given: (path) => !isAbsent(at(path)),
  };
}
