/** Label and field selectors of lists and watches. */
import { isObject, type JsonValue, type KubernetesObject } from "./objects";
import { Refusal } from "./status";

export type Selector = (object: KubernetesObject) => boolean;

const everything: Selector = () => true;

/** Splits at commas outside brackets: `a in (x,y),b`. */
function clauses(source: string): string[] {
  return source
    .split(/,(?![^(]*\))/)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "");
}

function labelClause(clause: string): Selector {
  const label = (object: KubernetesObject, key: string): string | undefined => object.metadata.labels?.[key];
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(clause);
  if (set) {
    const key = set[1] ?? "";
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    if (set[2] === "in") return (object) => values.includes(label(object, key) ?? "\0");
    return (object) => !values.includes(label(object, key) ?? "\0");
  }
  const equal = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(clause);
  if (equal) {
    const [, key = "", operator, value = ""] = equal;
    return operator === "!=" ? (object) => label(object, key) !== value : (object) => label(object, key) === value;
  }
  const absent = /^!\s*([^\s=!]+)$/.exec(clause);
  if (absent) return (object) => label(object, absent[1] ?? "") === undefined;
  if (/^[^\s=!]+$/.test(clause)) return (object) => label(object, clause) !== undefined;
  throw new Refusal("BadRequest", `unable to parse requirement: found '${clause}'`);
}

/** `app=web,tier in (a,b),!old` */
export function labelSelector(source: string | null): Selector {
  if (!source) return everything;
  const tests = clauses(source).map(labelClause);
  return (object) => tests.every((test) => test(object));
}

/** Fields whose absence means something else than the empty string. */
const absentFields: Readonly<Record<string, string>> = { "spec.unschedulable": "false" };

function fieldOf(object: KubernetesObject, path: string): string {
  let value: JsonValue | undefined = object;
  for (const part of path.split(".")) value = isObject(value) ? value[part] : undefined;
  return value === undefined || value === null ? (absentFields[path] ?? "") : String(value);
}

/** `spec.nodeName=a,status.phase!=Failed` */
export function fieldSelector(source: string | null): Selector {
  if (!source) return everything;
  const tests = clauses(source).map((clause): Selector => {
    const match = /^([^=!]+?)(==|=|!=)(.*)$/.exec(clause);
    if (!match) throw new Refusal("BadRequest", `invalid field selector: ${clause}`);
    const [, path = "", operator, value = ""] = match;
    return operator === "!=" ? (object) => fieldOf(object, path) !== value : (object) => fieldOf(object, path) === value;
  });
  return (object) => tests.every((test) => test(object));
}

/** A `LabelSelector` object, as in a deployment's or a budget's spec, against labels. */
export function matchesLabels(selector: JsonValue | undefined, labels: Readonly<Record<string, string>> | undefined): boolean {
  if (!isObject(selector)) return false;
  const wanted = isObject(selector.matchLabels) ? Object.entries(selector.matchLabels) : [];
  if (!wanted.every(([key, value]) => labels?.[key] === value)) return false;
  for (const expression of Array.isArray(selector.matchExpressions) ? selector.matchExpressions : []) {
    if (!isObject(expression)) continue;
    const value = labels?.[String(expression.key)];
    const values = Array.isArray(expression.values) ? expression.values : [];
    if (expression.operator === "In" && !(value !== undefined && values.includes(value))) return false;
    if (expression.operator === "NotIn" && value !== undefined && values.includes(value)) return false;
    if (expression.operator === "Exists" && value === undefined) return false;
    if (expression.operator === "DoesNotExist" && value !== undefined) return false;
  }
  return true;
}
