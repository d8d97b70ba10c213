/** `…/pods/<name>/exec`: what is asked for, and how its end is told. The streams themselves are the listener's. */
import { listIn, objectIn, stringIn, type JsonObject, type KubernetesObject } from "./objects";
import type { ApiRequest } from "./request";
import { Refusal } from "./status";

/** A command that was run, or could not be: what it printed, and the `Status` that the last message carries. */
export interface Executed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: JsonObject;
}

export type RunInPod = (pod: KubernetesObject, container: string, command: readonly string[]) => Executed;

/** Newest first: https://kubernetes.io/docs/reference/using-api/api-concepts/ knows five, of which clients of today ask for these. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;
export type ExecProtocol = (typeof protocols)[number];

/** What an upgrade settles on; undefined when it asks for no WebSocket or for channels nobody speaks. */
export function protocolFor(headers: ApiRequest["headers"]): ExecProtocol | undefined {
  if (headers.upgrade?.toLowerCase() !== "websocket" || !/\bupgrade\b/i.test(headers.connection ?? "")) return undefined;
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  return protocols.find((each) => offered.includes(each));
}

export function ended(code: number): JsonObject {
  if (code === 0) return { metadata: {}, status: "Success" };
  return { metadata: {}, status: "Failure", message: `command terminated with non-zero exit code: exit status ${code}`, reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: String(code) }] } };
}

/** The API server did not get through to the kubelet, or the kubelet not to the container. */
export function internalError(why: string): Executed {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: `Internal error occurred: ${why}`, reason: "InternalError", details: { causes: [{ message: why }] }, code: 500 };
  return { stdout: "", stderr: "", status };
}

/** Runs what the request asks for. Nothing runs for a request that could not be told the end. */
export function exec(pod: KubernetesObject, request: ApiRequest, run: RunInPod): Executed {
  if (protocolFor(request.headers) === undefined) throw new Refusal("BadRequest", "Upgrade request required");
  const { query } = request;
  const command = query.getAll("command");
  if (command.length === 0) throw new Refusal("BadRequest", "you must specify at least 1 command for exec");
  const wants = (name: string): boolean => query.get(name) === "true" || query.get(name) === "1";
  if (!wants("stdin") && !wants("stdout") && !wants("stderr")) throw new Refusal("BadRequest", "you must specify at least 1 of stdin, stdout, stderr");
  const containers = (listIn(objectIn(pod, "spec"), "containers") as JsonObject[]).map((each) => String(each.name));
  const container = query.get("container") ?? containers[0] ?? "";
  if (!containers.includes(container)) throw new Refusal("BadRequest", `container ${container} is not valid for pod ${pod.metadata.name}`);
  if (stringIn(objectIn(pod, "spec"), "nodeName") === undefined) throw new Refusal("BadRequest", `pod ${pod.metadata.name} does not have a host assigned`);
  const { stdout, stderr, status } = run(pod, container, command);
  return { stdout: wants("stdout") ? stdout : "", stderr: wants("stderr") ? stderr : "", status };
}
