/** A rehearsal as a person reads it. */
import { findingLine, unseenLine, type Finding } from "../core/rehearse-delete";
import type { FoundCluster } from "../core/find-cluster";
import type { DeletionPlan } from "../core/rehearsal";

export interface Rehearsed extends DeletionPlan {
  readonly cluster: FoundCluster;
}

export function words({ cluster: { name, uid, owner }, plan, declared, blocks, losses, unseen }: Rehearsed): string {
  const part = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  - ${line}`)]);
  const findings = (found: readonly Finding[]): string[] => found.map(findingLine);
  return [
    `${name || "a cluster"} (uid ${uid}), declared by ${owner ?? "nobody who is on record"}`,
    ...part("Before it, its own program deletes:", declared),
    ...part("Deleting it would:", plan),
    ...part("It can't be deleted while these are there:", findings(blocks)),
    ...part("Lost with it, or left behind:", findings(losses)),
    "",
    ...(unseen === undefined ? [] : [capital(unseenLine(unseen))]),
    `${blocks.length === 0 ? "Nothing blocks it" : "It is blocked"}. Nothing was changed.`,
  ].join("\n");
}

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`;
