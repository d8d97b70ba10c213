/** Judges one value by its declaration, and what is inside it by theirs. Messages say what was found and what is allowed; never a secret. */
import { carriesSecret, equal, isOneOf, join, meant, own, wholeDefault } from "./declared";
import { formats } from "./formats";
import { nearest } from "./nearest";
import { isAbsent, isRecord, type IsUnknown, type Management, type Properties, type Property } from "./property";

/** What is found on the way. */
export interface Findings {
  readonly isUnknown: IsUnknown;
  /** Who runs the cluster, where the resource has such a property and it is known. */
  readonly management: Management | undefined;
  /** `invalid`: rules over several properties then leave this one alone. */
  fail(path: string, reason: string, kind: "invalid" | "unavailable"): void;
}

const shortest = 60;

/** A value as a message shows it. */
function shown(property: Property, value: unknown): string {
  if (carriesSecret(property)) return "a value that is not shown";
  try {
    const text = JSON.stringify(value) ?? typeof value;
    return text.length <= shortest ? text : `${text.slice(0, shortest)}…`;
  } catch {
    return typeof value;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return "a text";
  return typeof value === "number" ? "a number" : typeof value === "boolean" ? "true or false" : `a ${typeof value}`;
}

const expected: Readonly<Record<Property["type"], string>> = {
  string: "a text",
  integer: "a whole number",
  boolean: "true or false",
  list: "a list",
  map: "an object of names and values",
  object: "an object",
};

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

function wrongType(property: Property, value: unknown): string {
  const found = typeof value === "object" || carriesSecret(property) ? `is ${kindOf(value)}` : `is ${kindOf(value)}, ${shown(property, value)}`;
  if (property.type === "string" && typeof value === "number") {
    return `${found}; write it as a text in quotes${property.format === "kubernetes-version" ? ', since 1.30 as a number is 1.3: "1.30"' : ""}`;
  }
  if (property.type === "list" && typeof value === "string") return `${found}; must be a list: put it in brackets`;
  if (property.type === "object") return `${found}; must be an object with ${quoted(Object.keys(property.properties))}`;
  return `${found}; must be ${expected[property.type]}`;
}

function checkText(property: Property & { type: "string" }, value: string, path: string, findings: Findings): void {
  const say = (reason: string): void => findings.fail(path, reason, "invalid");
  if (property.enum !== undefined) {
    if (property.enum.includes(value)) return;
    const meantName = nearest(value, property.enum);
    say(`is ${shown(property, value)}; must be ${property.enum.length > 1 ? "one of " : ""}${quoted(property.enum)}${meantName === undefined ? "" : `: did you mean ${JSON.stringify(meantName)}?`}`);
    return;
  }
  if (value === "") {
    if (!property.allowEmpty) say(property.required ? "is empty; must be given" : "is empty; leave it out or give a value");
    return;
  }
  const problem = property.format === undefined ? undefined : formats[property.format](value);
  if (problem !== undefined) say(problem.startsWith("!") ? problem.slice(1) : property.secret ? problem : `${shown(property, value)} ${problem}`);
  if (property.maxLength !== undefined && value.length > property.maxLength) say(`is ${value.length} characters long; at most ${property.maxLength} are allowed`);
}

function checkNumber(property: Property & { type: "integer" }, value: number, path: string, findings: Findings): void {
  const { minimum, maximum } = property;
  const unit = property.unit === undefined ? "" : ` ${property.unit}`;
  if (!Number.isSafeInteger(value)) {
    findings.fail(path, `is ${shown(property, value)}; must be a whole number`, "invalid");
  } else if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) {
    const range = minimum !== undefined && maximum !== undefined ? `between ${minimum} and ${maximum}` : minimum !== undefined ? `at least ${minimum}` : `at most ${String(maximum)}`;
    findings.fail(path, `is ${value}; must be ${range}${unit}`, "invalid");
  }
}

function checkList(property: Property & { type: "list" }, value: readonly unknown[], path: string, findings: Findings): unknown[] {
  if (property.minItems !== undefined && value.length < property.minItems) {
    findings.fail(path, `is an empty list; must have at least ${property.minItems === 1 ? "one entry" : `${property.minItems} entries`}${property.required ? "" : ", or be left out"}`, "invalid");
  }
  const items = value.map((item, index) => {
    const at = `${path}[${index}]`;
    if (isAbsent(item)) {
      findings.fail(at, "is missing; leave the entry out or give a value", "invalid");
      return item;
    }
    return checkValue(property.items, item, at, findings);
  });
  if (property.set) {
    items.forEach((item, index) => {
      const isTwice = !findings.isUnknown(item) && !isAbsent(item) && items.slice(0, index).some((earlier) => !findings.isUnknown(earlier) && equal(property.items, earlier, item));
      if (isTwice) findings.fail(`${path}[${index}]`, `${shown(property.items, item)} is in the list twice`, "invalid");
    });
  }
  return items;
}

function checkMap(property: Property & { type: "map" }, value: Readonly<Record<string, unknown>>, path: string, findings: Findings): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (isAbsent(inner)) return [];
    const at = join(path, key);
    const problem = property.keyFormat === undefined ? undefined : formats[property.keyFormat](key);
    if (problem !== undefined) findings.fail(at, problem.startsWith("!") ? problem.slice(1) : `${JSON.stringify(key)} ${problem}`, "invalid");
    if (key === "") findings.fail(path, "has an empty name; give each entry a name", "invalid");
    if (property.keyMaxLength !== undefined && key.length > property.keyMaxLength) findings.fail(path, `has a name of ${key.length} characters; at most ${property.keyMaxLength} are allowed`, "invalid");
    if (property.reservedKeyPrefix !== undefined && key.toLowerCase().startsWith(property.reservedKeyPrefix)) {
      findings.fail(at, `begins with "${property.reservedKeyPrefix}", which is the library's own mark of what belongs to whom; choose another name`, "invalid");
    }
    return [[key, checkValue(property.values, inner, at, findings)]];
  });
  const folded = entries.map(([key]) => (property.caselessKeys ? key.toLowerCase().trimEnd() : key));
  folded.forEach((key, index) => {
    const [first, name] = [folded.indexOf(key), entries[index]![0]];
    if (first < index) findings.fail(join(path, name), `is the same as ${JSON.stringify(entries[first]![0])} to Mold, which tells no upper case from lower here, and no spaces at the end; leave one of the two out`, "invalid");
  });
  return Object.fromEntries(entries);
}

/** Connections are configured: a missing part has a place to be set, rather than a line in the program. */
function whereToSet(name: string, property: Property): string {
  const variable = property.environment?.[0];
  return variable === undefined ? "" : ` Run \`pulumi config set ${property.secret ? "--secret " : ""}ablestack:${name}${property.secret ? "" : " …"}\` (for another connection \`ablestack:connections.<connection>.${name}\`), or set ${variable} in the environment.`;
}

/** Judges the properties of a record and fills in their defaults. Undeclared names are told and dropped. */
export function checkRecord(owner: string, properties: Properties, value: Readonly<Record<string, unknown>>, path: string, findings: Findings): Record<string, unknown> {
  const names = Object.keys(properties);
  for (const name of Object.keys(value)) {
    // What begins so is the engine's (Pulumi's `__provider`, `__defaults`).
    if (Object.hasOwn(properties, name) || name.startsWith("__") || isAbsent(value[name])) continue;
    const similar = nearest(name, names);
    findings.fail(join(path, name), `is not a property of ${owner}; ${similar === undefined ? `it has ${names.join(", ")}` : `did you mean ${JSON.stringify(similar)}?`}`, "invalid");
  }
  const checked: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const given = own(value, name);
    const at = join(path, name);
    if (!isAbsent(given)) checked[name] = checkValue(property, given, at, findings);
    else if (property.default !== undefined) checked[name] = wholeDefault(property);
    else if (property.required) findings.fail(at, `is missing. ${property.description}${whereToSet(name, property)}`, "invalid");
  }
  return checked;
}

/** What can't be had yet, or not from this management. A default, or something empty, asks for nothing. */
function checkAvailable(property: Property, value: unknown, path: string, findings: Findings): void {
  const isEmpty = (property.type === "map" && isRecord(value) && Object.keys(value).length === 0) || (property.type === "list" && Array.isArray(value) && value.length === 0);
  if (isEmpty || (property.default !== undefined && equal(property, value, wholeDefault(property)))) return;
  const able = findings.management === undefined ? true : (property.managements?.[findings.management] ?? true);
  if (able !== true) findings.fail(path, `can't be set with management "${findings.management}": ${able}`, "unavailable");
  const { notYet } = property;
  if (notYet !== undefined && (notYet.values === undefined || isOneOf(property, value, notYet.values))) findings.fail(path, `not yet: ${notYet.reason}`, "unavailable");
}

/** Judges a value that is there. Gives it back with defaults inside; as it is where it is wrong. */
export function checkValue(property: Property, given: unknown, path: string, findings: Findings): unknown {
  if (findings.isUnknown(given)) return given;
  const value = meant(property, given);
  const judged = judge(property, value, path, findings);
  checkAvailable(property, judged, path, findings);
  return judged;
}

function judge(property: Property, value: unknown, path: string, findings: Findings): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    findings.fail(path, Number.isNaN(value) ? "is no number, though it was reckoned as one: what it is reckoned from is none, or is missing" : "is an endless number; was something divided by 0?", "invalid");
  } else if (property.type === "string" && typeof value === "string") checkText(property, value, path, findings);
  else if (property.type === "integer" && typeof value === "number") checkNumber(property, value, path, findings);
  else if (property.type === "list" && Array.isArray(value)) return checkList(property, value, path, findings);
  else if (property.type === "map" && isRecord(value)) return checkMap(property, value, path, findings);
  else if (property.type === "object" && isRecord(value)) return checkRecord(path, property.properties, value, path, findings);
  else if (property.type !== "boolean" || typeof value !== "boolean") findings.fail(path, wrongType(property, value), "invalid");
  return value;
}
