/** How to reach a Mold, and as whom: read from configuration and environment, and checked with errors that say how to set things right. */
import { connection as declared } from "../../schema/connection";
import type { Digest } from "./signing";
import { proxyFromEnvironment } from "./proxy";

export interface ConnectionSettings {
  /** The connection's name, for errors; undefined is the default one. */
  readonly name?: string;
  /** Where the API is, with its path: `https://mold.example.com/client/api`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly secretKey: string;
  /** Everything is made in and looked for in this project. Not together with `account`. */
  readonly projectId?: string;
  readonly domainId?: string;
  /** Act for this account; needs `domainId`. */
  readonly account?: string;
  /** What calls are hashed with; `auto` asks the server once. */
  readonly digest: Digest | "auto";
  /** The only authority (PEM text, or path of a PEM file) whose certificates are trusted. Default: those of Node.js. */
  readonly caCertificate?: string;
  /** `http://user:password@proxy:3128`. Default: by HTTPS_PROXY, HTTP_PROXY and NO_PROXY where `connectionFrom` is given the environment. */
  readonly proxy?: string;
  /** Accept any server certificate. */
  readonly insecure?: boolean;
  /** How long one call may take. */
  readonly timeoutSeconds: number;
  /** How long a job may take. */
  readonly jobTimeoutSeconds: number;
  /** How often a call that is safe to repeat is repeated, with growing pauses (0.25 s, 0.5 s, …, about 4 s in all). Default: 4. */
  readonly retries?: number;
  /** How long a connection may take to be made, TLS included. Default: 5 s. */
  readonly connectTimeoutSeconds?: number;
  /** How many calls are under way at once. Default: 8. */
  readonly concurrency?: number;
  /** How long a job is still waited for when Mold can't be reached (it is being restarted, say). Default: 60 s. */
  readonly outageSeconds?: number;
}

/** Something is missing or wrong in what was configured; nothing was sent. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  constructor(
    /** The keys that are missing or wrong: `ablestack:apiUrl`. */
    readonly keys: readonly string[],
    message: string,
  ) {
    super(message);
  }
}

/** The configuration key of a property: `ablestack:apiUrl`, or `ablestack:connections.lab.apiUrl`. */
export const configKey = (name: string | undefined, property: string): string => (name === undefined ? `ablestack:${property}` : `ablestack:connections.${name}.${property}`);

export interface Configuration {
  /** The value of a full key (`ablestack:apiUrl`), secrets unwrapped; undefined when it is not set. */
  get(key: string): string | undefined;
}
export type Environment = Readonly<Record<string, string | undefined>>;

const filled = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  const text = String(value).trim();
  return text === "" ? undefined : text;
};

/** `pulumi config set --path ablestack:connections.lab.apiUrl` keeps all connections as one object under `ablestack:connections`. */
function objectsOf(config: Configuration): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const text = filled(config.get("ablestack:connections"));
  if (text === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const isMap = (value: unknown): value is Record<string, Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMap(parsed) && Object.values(parsed).every(isMap)) return parsed;
  throw new ConnectionError(["ablestack:connections"], "ablestack:connections is not a map of connections: set one with `pulumi config set --path ablestack:connections.<name>.apiUrl <url>`");
}

function howToSet(name: string | undefined, property: string): string {
  const secret = declared.inputs[property]?.secret === true;
  const path = name === undefined ? "" : "--path ";
  // Pulumi asks for a value that isn't given: a secret doesn't stay in the shell's history then, nor is one that begins with "-" read as a flag.
  const command = `pulumi config set ${secret ? "--secret " : ""}${path}${configKey(name, property)}${secret ? "" : " …"}`;
  const variables = declared.inputs[property]?.environment ?? [];
  return name === undefined && variables.length > 0 ? `\`${command}\` or ${variables[0]}` : `\`${command}\``;
}

const word = { http: /^https?:$/, digest: /^(sha256|sha1|auto)$/, yes: /^(true|1|yes)$/i, no: /^(false|0|no)$/i, seconds: /^\d+$/ };

/**
 * Reads a connection: configuration first, then `ABLESTACK_*`, then `CLOUDSTACK_*` (names and defaults as `schema/connection.ts`
 * declares them). The environment stands in for the default connection alone, so that its keys are never sent to another server.
 * Nothing is assumed about where a Mold might be.
 *
 * @param name a further connection, from `ablestack:connections.<name>.*`
 * @throws ConnectionError naming every key that is missing or wrong, and how to set it
 * @example
 * connectionFrom({ get: (key) => config.get(key) }, process.env)
 */
export function connectionFrom(config: Configuration, environment: Environment, name?: string): ConnectionSettings {
  const object = name === undefined ? undefined : objectsOf(config)[name];
  const found = (property: string): string | undefined => {
    const configured = filled(config.get(configKey(name, property))) ?? filled(object?.[property]);
    if (configured !== undefined || name !== undefined) return configured;
    for (const variable of declared.inputs[property]?.environment ?? []) if (filled(environment[variable]) !== undefined) return filled(environment[variable]);
    return undefined;
  };
  const wrong: { key: string; message: string }[] = [];
  const fail = (property: string, message: string): void => void wrong.push({ key: configKey(name, property), message: `${configKey(name, property)} ${message}` });
  const required = (property: string, what: string): string => {
    const value = found(property);
    if (value === undefined) fail(property, `is not set (${what}): ${howToSet(name, property)}`);
    return value ?? "";
  };
  const whole = (property: string): number => {
    const value = found(property) ?? String(declared.inputs[property]?.default);
    if (word.seconds.test(value) && Number(value) > 0) return Number(value);
    fail(property, `is ${value}, and should be a number of seconds above 0`);
    return 0;
  };
  const truth = (property: string): boolean => {
    const value = found(property);
    if (value === undefined || word.no.test(value)) return false;
    if (!word.yes.test(value)) fail(property, `is ${value}, and should be true or false`);
    return true;
  };

  const apiUrl = required("apiUrl", "the address of the Mold API, such as https://mold.example.com/client/api");
  const digest = found("digest")?.toLowerCase() ?? String(declared.inputs.digest?.default);
  if (!word.digest.test(digest)) fail("digest", `is ${digest}, and should be sha256 (Mold), sha1 (CloudStack) or auto`);
  const settings: ConnectionSettings = {
    name,
    apiUrl,
    apiKey: required("apiKey", "the API key of the user to act as, from the user's page in Mold"),
    secretKey: required("secretKey", "the secret key that belongs to the API key"),
    projectId: found("projectId"),
    domainId: found("domainId"),
    account: found("account"),
    digest: digest as ConnectionSettings["digest"],
    caCertificate: found("caCertificate"),
    proxy: found("proxy") ?? proxyFromEnvironment(apiUrl, environment),
    insecure: truth("insecure"),
    timeoutSeconds: whole("timeout"),
    jobTimeoutSeconds: whole("jobTimeout"),
  };
  for (const problem of problemsOf(settings)) fail(problem.property, problem.message);
  if (wrong.length > 0) {
    const which = name === undefined ? "The connection to Mold" : `The connection "${name}"`;
    throw new ConnectionError(
      wrong.map(({ key }) => key),
      `${which} is not configured:\n${wrong.map(({ message }) => `  - ${message}`).join("\n")}`,
    );
  }
  return settings;
}

interface Problem {
  readonly property: string;
  readonly message: string;
}

/** What is wrong with settings in themselves, whoever made them. What is empty is not looked at: `connectionFrom` has said so. */
function* problemsOf({ apiUrl, apiKey, secretKey, proxy, projectId, account, domainId }: ConnectionSettings): Generator<Problem> {
  if (apiUrl !== "") {
    const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
    if (!url || !word.http.test(url.protocol)) yield { property: "apiUrl", message: "is not an http or https URL; it looks like https://mold.example.com/client/api" };
    else if (url.search || url.hash || url.username || url.password) yield { property: "apiUrl", message: "carries a query, a fragment or a user: leave those out" };
  }
  // A key with a space or a line end in it was pasted wrongly, and would only be answered 401.
  if (/\s/.test(apiKey)) yield { property: "apiKey", message: "has white space in it" };
  if (/\s/.test(secretKey)) yield { property: "secretKey", message: "has white space in it" };
  if (proxy !== undefined && !(URL.canParse(proxy) && word.http.test(new URL(proxy).protocol)))
    yield { property: "proxy", message: "is not an http or https URL (it may also come from HTTPS_PROXY or HTTP_PROXY); it looks like http://proxy.example.com:3128" };
  if (account !== undefined && domainId === undefined) yield { property: "account", message: "is given without domainId: an account is looked up in its domain" };
  if (account !== undefined && projectId !== undefined) yield { property: "projectId", message: "is given together with account: what is made belongs either to a project or to an account" };
}

/** Refuses settings that were put together by hand and can't work. */
export function checkConnection(settings: ConnectionSettings): void {
  const empty = (["apiUrl", "apiKey", "secretKey"] as const).filter((property) => !settings[property]).map((property) => ({ property, message: "is empty" }));
  const problems = [...empty, ...problemsOf(settings)];
  if (problems.length === 0) return;
  throw new ConnectionError(
    problems.map(({ property }) => configKey(settings.name, property)),
    problems.map(({ property, message }) => `${configKey(settings.name, property)} ${message}`).join("; "),
  );
}
