/** Paths of properties as handlers name them (`nodes["prod.1"].offering`, `cidrList[1]`), in Terraform's terms. */
import type { Properties, Property } from "../../../schema/property";
import { inputAttribute, snakeCase } from "../../../schema/terraform-resources";

export type Step = { readonly attribute: string } | { readonly key: string } | { readonly index: number };

export interface AttributePath {
  /** As far as Terraform can be told: an entry of a set has no place. */
  readonly steps: readonly Step[];
  /** All of it, as it is written in HCL. */
  readonly text: string;
}

/** `a.b["c.d"][1]` → `a`, `b`, `c.d`, `1` */
const parts = (path: string): string[] => [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, key, index, name]) => (key === undefined ? (index ?? name!) : (JSON.parse(`"${key}"`) as string)));

interface Walk {
  readonly steps: Step[];
  text: string;
  /** Inside of a set nothing can be pointed at. */
  isPointing: boolean;
}

function enter(property: Property | undefined, rest: readonly string[], walk: Walk): void {
  const [part, ...after] = rest;
  if (part === undefined) return;
  if (property?.type === "object") return walkInto(property.properties, rest, snakeCase, walk);
  if (property?.type === "map") {
    walk.text += `[${JSON.stringify(part)}]`;
    if (walk.isPointing) walk.steps.push({ key: part });
    return enter(property.values, after, walk);
  }
  if (property?.type === "list") {
    walk.isPointing &&= !property.set;
    walk.text += `[${part}]`;
    if (walk.isPointing) walk.steps.push({ index: Number(part) });
    return enter(property.items, after, walk);
  }
  // Something that isn't declared: there is no attribute to point at.
  walk.isPointing = false;
  walk.text += `.${part}`;
  enter(undefined, after, walk);
}

function walkInto(properties: Properties, [name, ...after]: readonly string[], naming: (name: string) => string, walk: Walk): void {
  if (name === undefined) return;
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const attribute = property === undefined ? name : naming(name);
  walk.text += `${walk.text === "" ? "" : "."}${attribute}`;
  walk.isPointing &&= property !== undefined;
  if (walk.isPointing) walk.steps.push({ attribute });
  enter(property, after, walk);
}

/** @example attributePath(inputs, "workers.rootDiskGb") // { steps: [{ attribute: "workers" }, { attribute: "root_disk_gb" }], text: "workers.root_disk_gb" } */
export function attributePath(properties: Properties, path: string): AttributePath {
  const walk: Walk = { steps: [], text: "", isPointing: true };
  walkInto(properties, parts(path), inputAttribute, walk);
  return { steps: walk.steps, text: walk.text };
}
