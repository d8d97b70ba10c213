/** A kubeconfig as a file has it, for whoever has no state at hand. Only what this library's own contain: certificates. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { ClusterAccess } from "../core/ports";
import { KubernetesError } from "./errors";

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** `{name, cluster: {…}}` of a list, by its name. */
function entry(list: unknown, name: string | undefined, field: string): Fields {
  const entries = Array.isArray(list) ? list.map(fieldsOf) : [];
  return fieldsOf(entries.find((each) => each.name === name)?.[field]);
}

/**
 * The current context of the kubeconfig in that file.
 * @throws KubernetesError saying what is missing; it never repeats what is in the file
 */
export function readKubeconfig(path: string): ClusterAccess {
  const fail: Fail = (what, cause) =>
    new KubernetesError("refused", `${path}: ${what}. Give the kubeconfig that the program exports (pulumi stack output --show-secrets kubeconfig > FILE).`, undefined, { cause });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fail(`can't be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"})`, error);
  }
  return accessOf(text, fail, (file) => readFileSync(resolve(dirname(path), file), "utf8"));
}

type Fail = (what: string, cause?: unknown) => KubernetesError;

/**
 * The current context of a kubeconfig as Mold hands it out, which names no files.
 * @throws KubernetesError saying what is missing; it never repeats what is in it
 */
export function parseKubeconfig(text: string): ClusterAccess {
  const fail: Fail = (what, cause) => new KubernetesError("refused", `the kubeconfig that Mold has of the cluster ${what}. Look at it in Mold (Access).`, undefined, { cause });
  return accessOf(text, fail, (file) => {
    throw new Error(`it names the file ${file}`);
  });
}

function accessOf(text: string, fail: Fail, read: (file: string) => string): ClusterAccess {
  let config: Fields;
  try {
    config = fieldsOf(parse(text));
  } catch {
    // The parser's own words quote the file, which holds a key.
    throw fail("is not YAML");
  }
  const context = entry(config.contexts, textOf(config["current-context"]), "context");
  const cluster = entry(config.clusters, textOf(context.cluster), "cluster");
  const user = entry(config.users, textOf(context.user), "user");
  const pem = (fields: Fields, name: string): string => {
    const data = textOf(fields[`${name}-data`]);
    if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
    const file = textOf(fields[name]);
    if (file === undefined) throw fail(`has no ${name}-data in its current context`);
    try {
      return read(file);
    } catch (error) {
      throw fail(`its ${name} can't be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"})`, error);
    }
  };
  const server = textOf(cluster.server);
  if (server === undefined || !URL.canParse(server)) throw fail("names no server in its current context");
  return {
    endpoint: server.replace(/\/+$/, ""),
    caCertificate: pem(cluster, "certificate-authority"),
    clientCertificate: pem(user, "client-certificate"),
    clientKey: pem(user, "client-key"),
  };
}
