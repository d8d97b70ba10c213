/**
 * What was seen, in a form in which two hypervisors can be compared: times, addresses and ids are left out, and what happens side by side is told apart.
 * Pure: of a recorder's lines alone.
 */
import { clusterStories } from "./cluster-stories";
import { machineStories } from "./machine-stories";
import { nodeStories } from "./node-stories";
import { orderOf } from "./order";
import type { Line } from "./recorder";

/** By stage and subject (`node prod-control-1`), what was seen of it, in its order. */
export type Recording = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What one teller has seen of a stage, by subject. */
export type Stories = Map<string, string[]>;

export const tell = (stories: Stories, subject: string, ...lines: readonly string[]): void => void stories.set(subject, [...(stories.get(subject) ?? []), ...lines]);

export function recordingOf(lines: readonly Line[]): Recording {
  const stages = lines.flatMap(({ source, name }) => (source === "stage" ? [name] : []));
  const node = nodeStories();
  const machine = machineStories();
  const cluster = clusterStories();
  return Object.fromEntries(
    stages.map((stage) => {
      const during = lines.filter((line) => line.stage === stage && line.source !== "stage");
      const stories = [node, machine, cluster, orderOf].flatMap((teller) => [...teller(stage, during)]);
      return [stage, Object.fromEntries(stories.sort(([a], [b]) => a.localeCompare(b)))];
    }),
  );
}
