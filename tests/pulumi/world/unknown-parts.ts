/** A declaration with one part after the other not known yet: each property, what is inside it, each entry of a list and each value of a map. */
import { isRecord, type Properties, type Property } from "../../../schema/property";

export interface Variant<Value> {
  /** What isn't known: `workers.count`, `cidrList[0]`. */
  readonly path: string;
  /** Whether the declaration says something there: then it fits the rest of it, known or not. */
  readonly isGiven: boolean;
  /** Whether another value there makes another resource. */
  readonly replaces: boolean;
  readonly value: Value;
}

type Values = Readonly<Record<string, unknown>>;

/** @param mark what stands for a value that isn't known */
export const eachUnknown = (properties: Properties, given: Values, mark: unknown): Variant<Values>[] => ofRecord(properties, given, { mark, replaces: false });

interface Around {
  readonly mark: unknown;
  readonly replaces: boolean;
}

const ofRecord = (properties: Properties, given: Values, around: Around): Variant<Values>[] =>
  Object.entries(properties).flatMap(([name, property]) => within(ofValue(property, given[name], around), name, (value) => ({ ...given, [name]: value })));

const within = <Value>(variants: readonly Variant<unknown>[], name: string, put: (value: unknown) => Value): Variant<Value>[] =>
  variants.map((variant) => ({ ...variant, path: `${name}${variant.path}`, value: put(variant.value) }));

function ofValue(property: Property, given: unknown, { mark, replaces: outer }: Around): Variant<unknown>[] {
  const replaces = property.change === undefined ? outer : property.change === "replace";
  const around = { mark, replaces };
  const whole = { path: "", isGiven: given !== undefined, replaces, value: mark };
  const record = isRecord(given) ? given : {};
  const list = Array.isArray(given) ? (given as unknown[]) : [];
  if (property.type === "object") return [whole, ...within(ofRecord(property.properties, record, around), ".", (value) => value)];
  if (property.type === "map") return [whole, ...[...Object.keys(record), "one-more"].flatMap((key) => within(ofValue(property.values, record[key], around), `.${key}`, (value) => ({ ...record, [key]: value })))];
  if (property.type === "list") return [whole, ...[...list, undefined].flatMap((item, at) => within(ofValue(property.items, item, around), `[${at}]`, (value) => [...list.slice(0, at), value, ...list.slice(at + 1)]))];
  return [whole];
}
