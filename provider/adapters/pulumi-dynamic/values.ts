/** Values as Pulumi's dynamic providers get and give them, and as handlers do. */
import { isUnknown, unknown } from "../../handlers/handler";

/** What stands for a value that isn't known yet (`unknownValue` of @pulumi/pulumi/runtime/rpc). */
const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function mapDeep(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : mapDeep(item, leaf)));
  if (!isRecord(value)) return leaf(value);
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, mapDeep(inner, leaf)]])));
}

/** Inputs without what Pulumi adds to them. */
export function fromPulumi(properties: unknown): Record<string, unknown> {
  const { __provider, ...own } = isRecord(properties) ? properties : {};
  return mapDeep(own, (value) => (value === marker ? unknown : value)) as Record<string, unknown>;
}

/** `undefined` anywhere inside makes Pulumi fail: it is left out. */
export function toPulumi(properties: unknown): Record<string, unknown> {
  return mapDeep(properties, (value) => (isUnknown(value) ? marker : value)) as Record<string, unknown>;
}
