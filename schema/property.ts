/**
 * The language in which resources are declared. One declaration of a property says everything that is known of it; types, checks,
 * diff rules, the Pulumi package schema and the reference page are read out of it, so that none of them can tell another story.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Whether a change is made in place, or by a new resource in place of the old. */
export type Change = "update" | "replace";

/** Who runs the cluster's life: this library's core, or Mold's own Kubernetes service. */
export type Management = "core" | "mold";

/** `true`: it can. A text: it can't, and that is why. */
export type Able = true | string;

export interface NotYet {
  /** What comes later, as the rest of the sentence `not yet: …`. */
  readonly reason: string;
  /** Only these values are not yet there. Default: any value. */
  readonly values?: readonly Json[];
}

interface Common<Value> {
  /** Prose that a user reads, in sentences. */
  readonly description: string;
  /** `GB`, `seconds`. */
  readonly unit?: string;
  readonly example?: Value;
  /** Inputs: must be given. Default: false. Outputs: always there. Default: true. */
  readonly required?: boolean;
  /** Filled in when left out. */
  readonly default?: Value;
  /** Where the value comes from when left out and there is no fixed default, in words. */
  readonly otherwise?: string;
  /** The SDK fills it in, in these words: required of the provider, optional in a program. */
  readonly filledBySdk?: string;
  /** Default: that of the property around it, `update` at the top. */
  readonly change?: Change;
  /** Never shown: not in messages, not in logs, encrypted in state. */
  readonly secret?: boolean;
  /** An output that stays as it is whatever else changes in place. */
  readonly stable?: boolean;
  /** Which management can do it. Default: both. */
  readonly managements?: Readonly<Partial<Record<Management, Able>>>;
  /** The release it came with. Default: 0.1.0. */
  readonly since?: string;
  /** Declared; the behaviour comes later. Asking for it is refused at check. */
  readonly notYet?: NotYet;
  /** Environment variables that stand in for it, first come first served (connections only). */
  readonly environment?: readonly string[];
}

/** What a text must look like beyond being a text. `formats.ts` holds one judge for each. */
export type Format = "dns-label" | "node-name" | "cidr" | "ipv4" | "http-url" | "proxy-url" | "registry-url" | "kubernetes-version" | "uid" | "no-control-characters" | "printable";

export interface StringProperty extends Common<string> {
  readonly type: "string";
  readonly enum?: readonly string[];
  readonly format?: Format;
  readonly maxLength?: number;
  /** Empty texts are allowed. Default: false. */
  readonly allowEmpty?: boolean;
}
export interface IntegerProperty extends Common<number> {
  readonly type: "integer";
  readonly minimum?: number;
  readonly maximum?: number;
}
export interface BooleanProperty extends Common<boolean> {
  readonly type: "boolean";
}
export interface ListProperty extends Common<readonly Json[]> {
  readonly type: "list";
  readonly items: Property;
  /** Order means nothing, and nothing is there twice. */
  readonly set?: boolean;
  readonly minItems?: number;
}
export interface MapProperty extends Common<Readonly<Record<string, Json>>> {
  readonly type: "map";
  readonly values: Property;
  readonly keyFormat?: Format;
  readonly keyMaxLength?: number;
  /** Two keys that differ by upper and lower case alone, or by spaces at the end, are one to Mold. */
  readonly caselessKeys?: boolean;
  /** Keys with this beginning belong to the library. */
  readonly reservedKeyPrefix?: string;
}
export interface ObjectProperty extends Common<Readonly<Record<string, Json>>> {
  readonly type: "object";
  /** Its name as a type: `ControlPlane`. */
  readonly typeName: string;
  readonly properties: Properties;
}
export type Property = StringProperty | IntegerProperty | BooleanProperty | ListProperty | MapProperty | ObjectProperty;
export type Properties = Readonly<Record<string, Property>>;

/** What an engine does not know yet stands in the inputs as this. The same symbol as in `provider/handlers/handler.ts`. */
export const unknown: unique symbol = Symbol.for("ablestack-kubernetes.unknown") as never;

export type IsUnknown = (value: unknown) => boolean;
export const isUnknownMark: IsUnknown = (value) => value === unknown;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Engines hand over both for "left out". */
export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;
