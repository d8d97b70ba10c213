/** What happens to several nodes or machines in an order that is promised. */
import type { Line } from "./recorder";
import { machineOf } from "./machine-stories";
import type { Stories } from "./recording";
import type { TrimmedNode } from "./trimmed";

const wanted = "ablestack.io/wanted-version";
const prepared = "ablestack.io/prepared";
const agent = "ablestack.io/agent";

/** Told of one node's change: one after the other, over all nodes. */
function turnsOf(name: string, before: TrimmedNode | undefined, after: TrimmedNode | undefined): string[] {
  const changed = (key: string): string | undefined => (before?.annotations?.[key] === after?.annotations?.[key] ? undefined : after?.annotations?.[key]);
  return [
    ...(before?.unschedulable !== true && after?.unschedulable ? [`${name} cordoned`] : []),
    ...(changed(wanted) === undefined ? [] : [`${name} told to go to ${changed(wanted)}`]),
    ...(changed(agent)?.startsWith("upgraded") ? [`${name} ${changed(agent)}`] : []),
    ...(before?.unschedulable && after?.unschedulable === false ? [`${name} uncordoned`] : []),
    ...(before && !after ? [`node ${name} gone`] : []),
  ];
}

/** Roles go one after the other, the machines of one side by side. */
function rolesOf(lines: readonly Line[]): string[] {
  const states = new Map<string, { readonly first: number; readonly last: number }>();
  lines.forEach((line, index) => {
    if (line.source !== "machine") return;
    const role = machineOf(line).includes("-control-") ? "control plane" : "worker";
    const key = `${role} ${(line.now as { state?: string } | undefined)?.state ?? "gone"}`;
    states.set(key, { first: states.get(key)?.first ?? index, last: index });
  });
  const moments = [...states].flatMap(([key, { first, last }]) => [{ text: `first ${key}`, at: first }, { text: `last ${key}`, at: last }]);
  return moments.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

export function orderOf(stage: string, lines: readonly Line[]): Stories {
  const known = new Map<string, TrimmedNode>();
  const turns: string[] = [];
  let ready: string | undefined;
  const preparing = new Set<string>();
  for (const { source, name, now } of lines) {
    if (source === "configuration" && stage === "upgrade") turns.push(`the cluster is at ${(now as { version?: string }).version}`);
    if (source !== "node") continue;
    const node = now as TrimmedNode | undefined;
    // Of a node that was there before this stage, the first look tells nothing.
    if (known.has(name) || stage !== "upgrade") turns.push(...turnsOf(name, known.get(name), node));
    if (stage === "create" && ready === undefined && node?.conditions.some(({ type, status }) => type === "Ready" && status === "True")) turns.push((ready = `${name} is the first that is Ready`));
    if (node?.annotations?.[prepared] !== undefined && !preparing.has(name)) {
      preparing.add(name);
      turns.push("a node prepared");
    }
    if (node) known.set(name, node);
    else known.delete(name);
  }
  const all = stage === "stop" || stage === "start" ? rolesOf(lines) : turns;
  return new Map(all.length > 0 ? [["order", all]] : []);
}
