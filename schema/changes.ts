/** What differs between two declarations of one resource, and how that is changed. */
import { effectiveChange } from "./change-rule";
import { equal, join, own, recordWithDefaults } from "./declared";
import { isRecord, isUnknownMark, type Change, type IsUnknown, type Properties, type Property } from "./property";
import type { ResourceName } from "./resource";
import { readingOf } from "./reading";
import { resources } from "./resources";

export interface PropertyChange {
  /** `workers.count`, `tags.team`; lists are one property. */
  readonly property: string;
  readonly change: Change;
}

export interface ChangeOptions {
  /** Tells the engine's mark for a value that isn't known yet. Default: the symbol `unknown`. */
  readonly isUnknown?: IsUnknown;
}

type Visit = (path: string, property: Property, change: Change, old: unknown, now: unknown) => void;

function compare(properties: Properties, olds: Readonly<Record<string, unknown>>, news: Readonly<Record<string, unknown>>, path: string, outer: Change, isUnknown: IsUnknown, visit: Visit): void {
  for (const [name, property] of Object.entries(properties)) compareValue(property, own(olds, name), own(news, name), join(path, name), outer, isUnknown, visit);
}

function compareValue(property: Property, old: unknown, now: unknown, path: string, outer: Change, isUnknown: IsUnknown, visit: Visit): void {
  const change = effectiveChange(property, outer);
  if (isUnknown(old) || isUnknown(now)) {
    // What will be known only later counts as another value: engines replace what hangs on a replaced resource by this.
    if (old !== now) visit(path, property, change, old, now);
  } else if (property.type === "object" && isRecord(old) && isRecord(now)) {
    compare(property.properties, old, now, path, change, isUnknown, visit);
  } else if (property.type === "map" && isRecord(old) && isRecord(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) compareValue(property.values, own(old, key), own(now, key), join(path, key), change, isUnknown, visit);
  } else if (!equal(property, old, now)) {
    visit(path, property, change, old, now);
  }
}

function visitChanges(name: ResourceName, olds: unknown, news: unknown, isUnknown: IsUnknown, visit: Visit): void {
  const { inputs, completion } = resources[name];
  // Olds of an earlier release lack what has a default since: that is no difference.
  const whole = (value: unknown): Record<string, unknown> => {
    const filled = recordWithDefaults(inputs, isRecord(value) ? value : {}, isUnknown);
    return { ...filled, ...completion?.(readingOf(filled, isUnknown)) };
  };
  compare(inputs, whole(olds), whole(news), "", "update", isUnknown, visit);
}

/**
 * The properties that differ, each with how it is changed. Both sides may come with or without defaults; names that aren't inputs are
 * not looked at. Sets have no order, and `"3"` is 3 where a number is declared.
 * @example changedProperties("LoadBalancer", { …, publicPort: 80 }, { …, publicPort: 443 }) // [{ property: "publicPort", change: "update" }]
 */
export function changedProperties(name: ResourceName, olds: unknown, news: unknown, options: ChangeOptions = {}): PropertyChange[] {
  const changes: PropertyChange[] = [];
  visitChanges(name, olds, news, options.isUnknown ?? isUnknownMark, (property, _, change) => changes.push({ property, change }));
  return changes;
}

/** Outputs that stay as they are whatever changes in place. */
export const stableOutputs = (name: ResourceName): string[] =>
  Object.entries(resources[name].outputs).flatMap(([output, property]) => (property.stable ? [output] : []));
