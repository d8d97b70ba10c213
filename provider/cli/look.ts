/** `list`, `show`, `nodes`, `events`, `path`: each asks a data source, and tells its answer in columns. */
import type { ClusterEvent, ClusterSummary, Comment, GetEventsArgs, NodeStatus } from "../../schema/generated/types";
import type { Session } from "../handlers/handler";
import { readers } from "../handlers/data-sources";
import { upgradePaths, type ZonePath } from "../handlers/upgrade-paths";
import type { Answer } from "./answer";
import type { Asked } from "./command-line";
import { pairs, table } from "./table";

type Of<Command extends Asked["command"]> = Extract<Asked, { readonly command: Command }>;

const gb = (mb: number): string => `${(mb / 1024).toFixed(mb % 1024 === 0 ? 0 : 1)} GB`;
const scaling = ({ autoscalingEnabled, minSize, maxSize }: ClusterSummary): string => (autoscalingEnabled ? `${minSize ?? "?"} to ${maxSize ?? "?"}` : "off");
const minute = (time: string | undefined): string | undefined => time?.replace("T", " ").slice(0, 16);

export async function list(session: Session, { state }: Of<"list">): Promise<Answer> {
  const { clusters } = await readers.getKubernetesClusters(session, { state });
  const text = table(clusters, [
    ["NAME", ({ name }) => name || "(no name left)"],
    ["STATE", (cluster) => cluster.state],
    ["VERSION", ({ kubernetesVersion }) => kubernetesVersion],
    ["CONTROL", ({ controlPlaneCount }) => controlPlaneCount],
    ["SIZE", ({ size }) => size],
    ["AUTOSCALING", scaling],
    ["CORES", ({ cpuCores }) => cpuCores],
    ["MEMORY", ({ memoryMb }) => gb(memoryMb)],
    ["TYPE", ({ clusterType }) => clusterType],
    ["ACCOUNT", ({ account, project }) => account ?? project],
    ["ZONE", ({ zoneName }) => zoneName],
    ["UID OR ID", ({ uid, moldId }) => uid ?? moldId],
  ]);
  return { data: clusters, text: clusters.length === 0 ? "No clusters among what these keys show." : text };
}

export async function show(session: Session, { cluster: wanted, owner, kubeconfig }: Of<"show">): Promise<Answer> {
  const cluster = await readers.getKubernetesCluster(session, { cluster: wanted, owner, kubeconfig: await kubeconfigFrom(kubeconfig) });
  const words = pairs([
    ["name", cluster.name],
    ["description", cluster.description],
    ["uid", cluster.uid],
    ["id in Mold", cluster.moldId],
    ["declared by", cluster.owner],
    ["state", cluster.state],
    ["cluster type", cluster.clusterType],
    ["version", cluster.kubernetesVersion],
    ["control planes", cluster.controlPlaneCount],
    ["size", cluster.size],
    ["autoscaling", scaling(cluster)],
    ["CPU cores", cluster.cpuCores],
    ["memory", gb(cluster.memoryMb)],
    ["endpoint", cluster.endpoint],
    ["public address", cluster.publicIpAddress],
    ["network", cluster.networkName],
    ["zone", cluster.zoneName],
    ["account", cluster.account],
    ["project", cluster.project],
    ["domain", cluster.domain],
    ["tags", Object.entries(cluster.tags).map(([key, value]) => `${key}=${value}`).join(", ")],
    ["created", minute(cluster.created)],
    ["kubeconfig until", cluster.kubeconfigExpires?.slice(0, 10)],
    ["certificates end", cluster.nodes.map(({ certificatesEnd }) => certificatesEnd).filter((end) => end !== undefined).sort()[0]],
  ]);
  return { data: cluster, text: [words, "", nodesTable(cluster.nodes), ...commentLines(cluster.comments)].join("\n") };
}

const commentLines = (comments: readonly Comment[]): string[] =>
  comments.length === 0 ? [] : ["", "Comments:", ...comments.map(({ text, author, created }) => `  - ${text.replace(/\s+/g, " ")} (${[author, minute(created)].filter(Boolean).join(", ")})`)];

export async function nodes(session: Session, { cluster, owner, kubeconfig }: Of<"nodes">): Promise<Answer> {
  const { nodes: found } = await readers.getKubernetesCluster(session, { cluster, owner, kubeconfig: await kubeconfigFrom(kubeconfig) });
  return { data: found, text: found.length === 0 ? "It has no machines." : nodesTable(found) };
}

const nodesTable = (found: readonly NodeStatus[]): string =>
  table(found, [
    ["NODE", ({ name }) => name],
    ["ROLE", ({ role }) => role],
    ["STATE", ({ state }) => state],
    ["READY", ({ ready, cordoned }) => (ready === undefined ? undefined : `${ready ? "yes" : "no"}${cordoned === true ? ", cordoned" : ""}`)],
    ["VERSION", ({ version }) => version],
    ["ADDRESS", ({ ipAddress }) => ipAddress],
    ["OFFERING", ({ offering }) => offering],
    ["CPU", ({ cpuCores, cpuPercent }) => `${cpuCores} cores${cpuPercent === undefined ? "" : `, ${cpuPercent}%`}`],
    ["MEMORY", ({ memoryMb, memoryUsedMb }) => `${gb(memoryMb)}${memoryUsedMb === undefined ? "" : `, ${Math.round((memoryUsedMb / memoryMb) * 100)}%`}`],
    ["DISK R/W", ({ diskReadKb, diskWriteKb }) => both(diskReadKb, diskWriteKb)],
    ["NETWORK R/W", ({ networkReadKb, networkWriteKb }) => both(networkReadKb, networkWriteKb)],
    ["HOST", ({ hostName }) => hostName],
    ["CERTIFICATES END", ({ certificatesEnd }) => certificatesEnd?.slice(0, 10)],
    ["WHY NOT READY", ({ reason }) => reason],
  ]);

const both = (read: number | undefined, write: number | undefined): string | undefined => (read === undefined || write === undefined ? undefined : `${amount(read)} / ${amount(write)}`);

/** KiB as one reads them. */
function amount(kib: number): string {
  const [size, unit] = kib < 1024 ? [kib, "KiB"] : kib < 1024 ** 2 ? [kib / 1024, "MiB"] : [kib / 1024 ** 2, "GiB"];
  return `${size < 10 && size % 1 !== 0 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

export async function events(session: Session, { cluster, owner, since, level, limit }: Of<"events">): Promise<Answer> {
  // Checked there, with the same words as in a program.
  const asked = { cluster, owner, since, level, limit } as unknown as GetEventsArgs;
  const { events: found } = await readers.getEvents(session, asked);
  const text = table<ClusterEvent>(found, [
    ["TIME (UTC)", ({ time }) => time.replace("T", " ").slice(0, 19)],
    ["LEVEL", (event) => event.level],
    ["TYPE", ({ type }) => type],
    ["ABOUT", ({ resourceName, resourceId }) => resourceName ?? resourceId],
    ["STATE", ({ state }) => state],
    ["WHAT", ({ description }) => description],
    ["USER", ({ user }) => user],
  ]);
  return { data: found, text: found.length === 0 ? `Nothing happened to it${since === undefined ? " in the last 24 hours: --since goes further back" : " since then"}, as far as Mold has it recorded.` : text };
}

export async function path(session: Session, { from, to, zone }: Of<"path">): Promise<Answer> {
  const found = await upgradePaths(session, { from, to, zone });
  const blocked = found.length === 0 || found.some(({ missing }) => missing.length > 0);
  return { data: found.map(({ isos, hops, ...rest }) => ({ ...rest, hops: hops.map((hop) => ({ ...hop, isoName: isos[hop.to.id] })) })), text: found.length === 0 ? "These keys show no zone." : found.map(pathWords).join("\n\n"), blocked };
}

function pathWords({ zone, from, hops, missing, isos }: ZonePath): string {
  const steps = table(hops, [
    ["HOP", (hop) => hops.indexOf(hop) + 1],
    ["FROM", (hop) => hop.from],
    ["TO", (hop) => hop.to.version],
    ["ISO", (hop) => isos[hop.to.id]],
    ["VERSION ID", (hop) => hop.to.id],
    ["AT LEAST", (hop) => `${hop.to.minCpus} cores, ${hop.to.minMemoryMb} MB`],
  ]);
  const way = hops.length === 0 ? (missing.length === 0 ? `${from} is there already: no hop.` : "") : steps;
  return [`In ${zone}, from ${from}:`, ...(way === "" ? [] : [way]), ...missing.map((each) => `- missing: ${each}`)].join("\n");
}

async function kubeconfigFrom(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { kubeconfigIn } = await import("../kubernetes/read-kubeconfig.js");
  return kubeconfigIn(file);
}
