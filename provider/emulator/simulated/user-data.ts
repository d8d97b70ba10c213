/**
 * User data as cloud-init reads it: base64 from the API, optionally gzip'ed, `#cloud-config` YAML, `write_files` with its
 * encodings (https://docs.cloud-init.io/en/latest/reference/modules.html#write-files). Nothing here knows who wrote it.
 */
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";

/** What a machine's disk holds once cloud-init is done with it. */
export interface CloudConfig {
  /** Contents by path. Binary content is kept as Latin-1. */
  readonly files: ReadonlyMap<string, string>;
  /** Each command of `runcmd` on one line, its words joined by spaces. */
  readonly commands: readonly string[];
}

export class UserDataError extends Error {
  override readonly name = "UserDataError";
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

function plain(bytes: Buffer, what: string): Buffer {
  if (!bytes.subarray(0, 2).equals(GZIP_MAGIC)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new UserDataError(`${what} begins like gzip and is not: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names cloud-init has for each encoding. */
const BASE64 = new Set(["b64", "base64"]);
const GZIP = new Set(["gz", "gzip"]);
const GZIP_BASE64 = new Set(["gz+b64", "gzip+b64", "gz+base64", "gzip+base64"]);
const TEXT = new Set(["", "text/plain"]);

function content(path: string, raw: string, encoding: string): string {
  if (TEXT.has(encoding)) return raw;
  if (BASE64.has(encoding)) return Buffer.from(raw, "base64").toString("utf8");
  if (GZIP.has(encoding)) return plain(Buffer.from(raw, "latin1"), path).toString("utf8");
  if (GZIP_BASE64.has(encoding)) return plain(Buffer.from(raw, "base64"), path).toString("utf8");
  throw new UserDataError(`write_files: ${path} has the unknown encoding "${encoding}"`);
}

/**
 * Reads user data.
 * @param userData base64 as the API carries it; undefined: there is none.
 * @returns the files and commands; both empty for user data that is no cloud-config (a shell script, say).
 * @throws UserDataError when cloud-init would stop with an error; the message is what it would log.
 */
export function readUserData(userData: string | undefined): CloudConfig {
  const none: CloudConfig = { files: new Map(), commands: [] };
  if (!userData) return none;
  const text = plain(Buffer.from(userData, "base64"), "user data").toString("utf8");
  if (!text.startsWith("#cloud-config")) return none;

  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new UserDataError(`cloud-config is not YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
  }
  if (document === null || document === undefined) return none;
  if (!isRecord(document)) throw new UserDataError("cloud-config is not a mapping");

  const files = new Map<string, string>();
  for (const entry of Array.isArray(document.write_files) ? document.write_files : []) {
    if (!isRecord(entry) || typeof entry.path !== "string") throw new UserDataError("write_files: an entry has no path");
    const encoding = typeof entry.encoding === "string" ? entry.encoding.trim().toLowerCase() : "";
    const written = content(entry.path, typeof entry.content === "string" ? entry.content : "", encoding);
    files.set(entry.path, entry.append === true ? (files.get(entry.path) ?? "") + written : written);
  }
  const commands: string[] = [];
  for (const command of Array.isArray(document.runcmd) ? document.runcmd : []) {
    if (typeof command === "string") commands.push(command);
    else if (Array.isArray(command)) commands.push(command.map(String).join(" "));
  }
  return { files, commands };
}
