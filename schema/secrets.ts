/** Which inputs and outputs are secret, as paths: `privateRegistry.password`. Entries of lists and maps are `*`. */
import { carriesSecret } from "./declared";
import type { Properties, Property } from "./property";
import type { ResourceName } from "./resource";
import { resources } from "./resources";

function paths(properties: Properties, path: string): string[] {
  return Object.entries(properties).flatMap(([name, property]) => pathsOf(property, path === "" ? name : `${path}.${name}`));
}

function pathsOf(property: Property, path: string): string[] {
  if (property.secret) return [path];
  if (property.type === "object") return paths(property.properties, path);
  if (property.type === "list") return pathsOf(property.items, `${path}.*`);
  return property.type === "map" ? pathsOf(property.values, `${path}.*`) : [];
}

export function secretProperties(name: ResourceName): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  const { inputs, outputs } = resources[name];
  return { inputs: paths(inputs, ""), outputs: paths(outputs, "") };
}

/** Inputs at the top that are a secret or hold one: engines that show a whole property in an error must not show these. */
export const secretCarriers = (name: ResourceName): string[] => Object.entries(resources[name].inputs).flatMap(([input, property]) => (carriesSecret(property) ? [input] : []));
