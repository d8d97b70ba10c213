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

const failure = (where: string, what: string, cause?: unknown, advice = "Give the kubeconfig that the program exports (pulumi stack output --show-secrets kubeconfig > FILE)"): KubernetesError =>
  new KubernetesError("refused", `${where}: ${what}. ${advice}.`, undefined, { cause });

/** @throws KubernetesError when it can't be read */
export function kubeconfigIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw failure(path, `can't be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"})`, error);
  }
}

/**
 * The current context of the kubeconfig in that file.
 * @throws KubernetesError saying what is missing; it never repeats what is in the file
 */
export const readKubeconfig = (path: string): ClusterAccess => parseKubeconfig(kubeconfigIn(path), path, dirname(path));

/**
 * The current context of a kubeconfig.
 * @param where it is from, for errors
 * @param folder what files in it are relative to; undefined: it may lead to none
 * @param advice what to do about one that is wrong
 * @throws KubernetesError saying what is missing; it never repeats what is in the text
 */
export function parseKubeconfig(text: string, where: string, folder?: string, advice?: string): ClusterAccess {
  const fail = (what: string, cause?: unknown): KubernetesError => failure(where, what, cause, advice);
  let config: Fields;
  try {
    // A warning would be printed, with the line that it is about.
    config = fieldsOf(parse(text, { logLevel: "error" }));
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
    if (file === undefined || folder === undefined) throw fail(`has no ${name}-data in its current context`);
    try {
      return readFileSync(resolve(folder, file), "utf8");
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

/** One as Mold hands it out, which names no files. */
export const parseMoldsKubeconfig = (text: string): ClusterAccess => parseKubeconfig(text, "the kubeconfig that Mold has of the cluster", undefined, "Look at it in Mold (Access)");
