/**
 * What a call sends. A real server ignores a parameter that it doesn't know without a word, so names are checked here, by the
 * recorded catalogue, before anything is sent (the compiler checks them too, but not what was cast or came from JavaScript).
 */
import apis from "./catalogue/apis.json";
import type { Parameter } from "./signing";

interface RecordedCommand {
  readonly async: boolean;
  readonly params: Readonly<Record<string, { readonly type: string; readonly required?: boolean }>>;
}
const recorded = apis as unknown as Readonly<Record<string, RecordedCommand>>;

/** A call that this library must not make: the mistake is in the program, and nothing was sent. */
export class CatalogueError extends TypeError {
  override readonly name = "CatalogueError";
}

function commandOf(command: string): RecordedCommand {
  const found = Object.hasOwn(recorded, command) ? recorded[command] : undefined;
  if (found) return found;
  const near = Object.keys(recorded).find((name) => name.toLowerCase() === command.toLowerCase());
  throw new CatalogueError(`Mold has no command ${command} in the recorded catalogue${near ? `; did you mean ${near}?` : ""}`);
}

/** Whether a command takes a parameter of that name. */
export const takes = (command: string, parameter: string): boolean => Object.hasOwn(commandOf(command).params, parameter);

/** Whether a command answers with a job. */
export const isAsync = (command: string): boolean => commandOf(command).async;

type Entry = Readonly<Record<string, unknown>>;

function text(command: string, name: string, value: unknown): string {
  if (typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  throw new CatalogueError(`${command}: parameter ${name} is a ${value === null ? "null" : typeof value} where a text, number or boolean belongs`);
}

function list(command: string, name: string, value: unknown): string {
  if (!Array.isArray(value)) return text(command, name, value);
  const items = value.map((item) => text(command, name, item));
  // Mold splits at commas and has no way of quoting one.
  const comma = items.find((item) => item.includes(","));
  if (comma !== undefined) throw new CatalogueError(`${command}: an item of ${name} has a comma in it, which Mold would read as two items: ${comma}`);
  return items.join(",");
}

function* map(command: string, name: string, value: unknown): Generator<Parameter> {
  if (!Array.isArray(value)) throw new CatalogueError(`${command}: parameter ${name} is a list of entries: ${name}: [{ … }]`);
  for (const [index, entry] of (value as Entry[]).entries())
    for (const [field, item] of Object.entries(entry)) if (item !== undefined) yield [`${name}[${index}].${field}`, text(command, `${name}[${index}].${field}`, item)];
}

/**
 * The parameters of a call as they are sent: lists as `a,b`, entries of maps as `tags[0].key=a`, numbers and booleans as text,
 * what is undefined left out.
 *
 * @throws CatalogueError when the catalogue has no such command or parameter, or a required one is missing
 * @example
 * encodeParameters("createTags", { resourcetype: "UserVm", resourceids: ["1", "2"], tags: [{ key: "a", value: "b" }] })
 * // [["resourcetype", "UserVm"], ["resourceids", "1,2"], ["tags[0].key", "a"], ["tags[0].value", "b"]]
 */
export function encodeParameters(command: string, params: Readonly<Record<string, unknown>>): Parameter[] {
  const known = commandOf(command).params;
  const encoded: Parameter[] = [];
  for (const [name, value] of Object.entries(params)) {
    if (!Object.hasOwn(known, name))
      throw new CatalogueError(`${command} has no parameter ${name}, and a real server would ignore it without a word; it takes ${Object.keys(known).join(", ")}`);
    if (value === undefined) continue;
    const type = known[name]?.type;
    if (type === "map") encoded.push(...map(command, name, value));
    else encoded.push([name, type === "list" ? list(command, name, value) : text(command, name, value)]);
  }
  for (const [name, { required }] of Object.entries(known))
    if (required && params[name] === undefined) throw new CatalogueError(`${command} needs parameter ${name}`);
  return encoded;
}

/** Whom a connection acts for, where that is not simply its user. */
export interface Scope {
  readonly projectId?: string;
  readonly domainId?: string;
  readonly account?: string;
}

/**
 * Lists that take an owner and mean something else by it, or nothing we ask for: people, projects and domains themselves, jobs
 * (which belong to who began them), and offerings (there it is the domain an offering is kept to, which would hide the public ones).
 */
const unowned = new Set(["listUsers", "listProjects", "listDomains", "listAsyncJobs", "listServiceOfferings", "listDiskOfferings"]);

/**
 * Adds the connection's project, or its account with its domain, to a command that takes an owner, unless the call names one.
 * `domainid` goes only where `account` goes too: with listZones, listNetworkOfferings or createServiceOffering, which take no
 * account, it is the domain that a thing is offered to.
 */
export function withScope(command: string, params: Readonly<Record<string, unknown>>, scope: Scope): Readonly<Record<string, unknown>> {
  if (params.projectid !== undefined || params.account !== undefined || params.domainid !== undefined || unowned.has(command)) return params;
  if (scope.projectId !== undefined) return takes(command, "projectid") ? { ...params, projectid: scope.projectId } : params;
  if (scope.account === undefined || !takes(command, "account") || !takes(command, "domainid")) return params;
  return { ...params, account: scope.account, domainid: scope.domainId };
}
