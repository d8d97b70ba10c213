/**
 * Takes the object out of an answer. An answer is one property, mostly named `<command in lower case>response`, but not always
 * (`counterresponse`, `createLBStickinessPolicy`, `errorresponse`, even `null`): so the only property there is counts, whatever its name.
 */

export type Json = Readonly<Record<string, unknown>>;
export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Something refused, in Mold's words. */
export interface Refused {
  readonly code: number;
  readonly said: string;
  /** The key it came under: `errorresponse` says that Mold has no such command, or none for this account. */
  readonly key: string;
}

export type Reading = { readonly is: "answer"; readonly inner: Json } | { readonly is: "refused"; readonly refused: Refused } | { readonly is: "foreign" };

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const numberOf = (value: unknown): number | undefined => (value === undefined || value === "" || Number.isNaN(Number(value)) ? undefined : Number(value));

/** What a body says. `foreign`: it is not from a Mold API (a web page, a proxy's error). */
export function read(status: number, body: string): Reading {
  const answer = parse(body);
  if (!isObject(answer)) return { is: "foreign" };
  const entries = Object.entries(answer);
  const [key, inner] = entries[0] ?? [];
  if (key === undefined || entries.length !== 1 || !isObject(inner)) return { is: "foreign" };
  const code = numberOf(inner.errorcode);
  if (code !== undefined) return { is: "refused", refused: { code, said: String(inner.errortext ?? ""), key } };
  return status < 300 ? { is: "answer", inner } : { is: "foreign" };
}

/**
 * The object inside: `{ network: {…} }` is the network; `{ success: true }` and `{ id, jobid }` are themselves. The one command
 * that answers with a list though it is none (removeVirtualMachinesFromKubernetesCluster: a result for each machine) gives its only
 * result, or for several one success for all; `unsuccessful` has looked at each before.
 */
export function unwrap(inner: Json): Json {
  const values = Object.entries(inner).filter(([key]) => key !== "count");
  const [only] = values.map(([, value]) => value);
  if (values.length !== 1) return inner;
  if (isObject(only)) return only;
  if (!Array.isArray(only)) return inner;
  return only.length === 1 && isObject(only[0]) ? only[0] : { success: true };
}

export interface Items {
  readonly items: readonly Json[];
  /** How many there are over all pages; left out with an empty list. */
  readonly count?: number;
}

/** The items of a list. An empty one has neither list nor count; a page past the end has only its count; listCapabilities has one object. */
export function itemsOf(inner: Json): Items {
  const count = numberOf(inner.count);
  for (const value of Object.values(inner)) {
    if (Array.isArray(value)) return { items: value.filter(isObject), count };
    if (isObject(value)) return { items: [value], count };
  }
  return { items: [], count };
}

/** What an answer that came with 200 refuses all the same: `success: false`, alone or for one of several things asked for. */
export function unsuccessful(inner: Json): string | undefined {
  const failed = (item: Json): boolean => item.success === false || item.success === "false";
  const wordsOf = (item: Json): string => String(item.displaytext ?? "Mold gives no reason");
  if (failed(inner)) return wordsOf(inner);
  const list = Object.values(inner).find((value): value is unknown[] => Array.isArray(value));
  const reasons = (list ?? []).filter(isObject).filter(failed);
  return reasons.length === 0 ? undefined : reasons.map((item) => (item.id === undefined ? wordsOf(item) : `${String(item.id)}: ${wordsOf(item)}`)).join("; ");
}
