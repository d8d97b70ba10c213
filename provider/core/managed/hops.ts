/**
 * The way from the version that a cluster has to the one that is declared, a minor at a time, as Mold takes it. Mold's record alone does not
 * tell: after an upgrade that stopped half-way it names the old version, and some nodes run the new one already. Pure.
 */
import * as semver from "semver";
import { findVersion, type KubernetesVersion } from "../catalogue";
import type { Problem } from "../plan-input";
import type { KubernetesNode } from "../ports";
import { isOlder, satisfies } from "../release";
import type { DesiredManaged } from "./desired";
import type { ObservedManaged } from "./observe";

export interface ManagedHop {
  readonly from: string;
  readonly to: string;
  /** An upgrade to it was begun before. */
  readonly again: boolean;
}

export interface Hops {
  readonly hops: readonly ManagedHop[];
  readonly problems: readonly Problem[];
  /** Workers that are behind Mold's record: no upgrade reaches them, so that new ones take their place. */
  readonly behind: readonly string[];
}

const none: Hops = { hops: [], problems: [], behind: [] };

/** Nodes of the cluster's machines: what somebody has joined by hand is not Mold's to upgrade. */
function versionsOf({ machines, nodes = [] }: ObservedManaged): { readonly name: string; readonly version: string; readonly role: string }[] {
  const byNode = new Map(machines.filter(({ isExternal }) => !isExternal).map((machine) => [machine.name.toLowerCase(), machine.role]));
  return nodes.flatMap(({ name, version }: KubernetesNode) => {
    const role = byNode.get(name);
    return role && semver.valid(version) ? [{ name, version, role }] : [];
  });
}

export function hopsOf(desired: DesiredManaged, observed: ObservedManaged, registered: readonly KubernetesVersion[]): Hops {
  const record = observed.cluster?.version;
  if (record === undefined || !semver.valid(record)) return none;
  const seen = versionsOf(observed);
  const newest = [record, ...seen.map(({ version }) => version)].sort(semver.rcompare)[0]!;
  const refused = (reason: string): Hops => ({ ...none, problems: [{ property: "version", reason }] });
  if (isOlder(desired.version, newest)) {
    const unfinished = newest === record ? "" : ` (an upgrade to it was begun and stopped half-way; Mold still shows ${record})`;
    return refused(`is ${desired.version}, and ${desired.name} runs ${newest}${unfinished}: Kubernetes can't go back. Declare ${newest} or a later one; to have ${desired.version}, make another cluster and move to it.`);
  }
  const found = satisfies(newest, desired.version) ? undefined : findVersion(desired.version, registered);
  if (typeof found === "string") return refused(found);
  const target = found?.version ?? newest;

  const stops = [...(newest === record ? [] : [newest]), ...minorsBetween(newest, target)];
  const hops: ManagedHop[] = [];
  for (const wanted of stops) {
    const to = findVersion(wanted, registered);
    if (typeof to === "string") return refused(`is ${desired.version}, and ${desired.name} runs ${record}. The way there leads through every minor, and ${to}`);
    hops.push({ from: hops.at(-1)?.to ?? record, to: to.version, again: to.version === newest });
  }
  const behind = hops.length > 0 ? [] : seen.filter(({ version, role }) => role === "worker" && semver.lt(version, record)).map(({ name }) => name);
  return { hops, problems: [...tooSmall(observed, hops, registered)], behind };
}

/** The versions to stop at on the way, each a minor but the last. */
function minorsBetween(from: string, to: string): string[] {
  if (from === to) return [];
  const count = semver.minor(to) - semver.minor(from);
  return [...Array.from({ length: Math.max(0, count - 1) }, (_, at) => `${semver.major(to)}.${semver.minor(from) + 1 + at}`), to];
}

function* tooSmall({ machines }: ObservedManaged, hops: readonly ManagedHop[], registered: readonly KubernetesVersion[]): Generator<Problem> {
  for (const role of ["control-plane", "worker"] as const) {
    for (const { to } of hops) {
      const needs = registered.find(({ version }) => version === to);
      const small = needs && machines.find((machine) => machine.role === role && machine.cpus > 0 && (machine.cpus < needs.minCpus || machine.memoryMb < needs.minMemoryMb));
      if (!small) continue;
      yield { property: role === "worker" ? "workers.offering" : "controlPlane.offering", reason: `${small.name} has ${small.cpus} CPU cores and ${small.memoryMb} MB (${small.offeringName}); Kubernetes ${to} needs at least ${needs.minCpus} and ${needs.minMemoryMb} MB. Give the machines a larger offering first, then upgrade.` };
      break;
    }
  }
}
