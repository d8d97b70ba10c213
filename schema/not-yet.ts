/** What is declared and not there yet. The list only shrinks: `tests/schema/not-yet.json` is the longest it may be. */
import type { Properties, Property } from "./property";
import { resources } from "./resources";

function entries(properties: Properties, path: string): [string, string][] {
  return Object.entries(properties).flatMap(([name, property]) => entriesOf(property, `${path}.${name}`));
}

function entriesOf(property: Property, path: string): [string, string][] {
  const here: [string, string][] = [];
  const { notYet } = property;
  if (notYet !== undefined) {
    if (notYet.values === undefined) here.push([path, notYet.reason]);
    for (const value of notYet.values ?? []) here.push([`${path}=${String(value)}`, notYet.reason]);
  }
  if (property.type === "object") return [...here, ...entries(property.properties, path)];
  if (property.type === "list") return [...here, ...entriesOf(property.items, `${path}.*`)];
  return property.type === "map" ? [...here, ...entriesOf(property.values, `${path}.*`)] : here;
}

/** Path to reason. `KubernetesCluster.comments`: the property; `….management=mold`: that value of it. */
export const notYet: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(resources).flatMap((resource) => (resource.kind === "internal" ? [] : entries(resource.inputs, resource.name))),
);
