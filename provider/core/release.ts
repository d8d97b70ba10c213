/**
 * Which Kubernetes a cluster runs, which it is to run, and the way there: one hop per minor, to the newest registered patch of each,
 * as kubeadm has it (https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/). Pure.
 */
import * as semver from "semver";
import { findVersion, type KubernetesVersion } from "./catalogue";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, parseMachineName } from "./ownership";
import type { PlanInput, Problem } from "./plan-input";
import type { KubernetesNode } from "./ports";
import { versionInName } from "./records";

export interface Hop {
  readonly from: string;
  readonly to: KubernetesVersion;
}

export interface Release {
  /** What new machines join with: the version that the cluster has now, which is the declared one if there is no cluster yet. */
  readonly current: string;
  /** In order. None: every node is at what is declared, or nobody can be asked. */
  readonly hops: readonly Hop[];
  readonly problems: readonly Problem[];
  /** What every node of ours runs, by name. */
  readonly versions: ReadonlyMap<string, string>;
  /** Names of those that have a version to reach. */
  readonly outdated: ReadonlySet<string>;
}

export const satisfies = (version: string, wanted: string): boolean => version === wanted || version.startsWith(`${wanted}.`);

/** Nodes of machines that are in the cluster: what somebody else has joined is not ours to upgrade. */
function ownNodes({ machines, nodes }: ObservedCluster): { node: KubernetesNode; machine: ObservedMachine }[] {
  const byName = new Map(machines.filter(hasJoined).map((machine) => [machine.name, machine]));
  return (nodes ?? []).flatMap((node) => {
    const machine = byName.get(node.name);
    return machine && semver.valid(node.version) ? [{ node, machine }] : [];
  });
}

/** The newest that a control plane runs: the version of the cluster's API, as soon as its upgrade has begun. */
export function runningVersion(clusterName: string, nodes: readonly KubernetesNode[] = []): string | undefined {
  const versions = nodes.filter(({ name, version }) => parseMachineName(clusterName, name)?.role === "control-plane" && semver.valid(version)).map(({ version }) => version);
  return versions.sort(semver.rcompare)[0];
}

/** Whether the versions registered with Mold are needed to plan: only where a node is not at what is declared, or still holds a disc, or where the cluster's record in Mold is not plainly of its version. */
export function needsVersions({ desired, observed }: Pick<PlanInput, "desired" | "observed">): boolean {
  const own = ownNodes(observed);
  const first = own[0]?.node.version;
  // A record says by id which version it is of, and by name only if the name is a good one.
  const isElsewhere = first !== undefined && (observed.records ?? []).some((record) => versionInName(record) !== first);
  return isElsewhere || own.some(({ node, machine }) => node.version !== first || !satisfies(node.version, desired.version) || machine.isoId !== undefined);
}

/** Total: whatever is found, the way or problems that name `version`. */
export function releaseOf({ desired, observed, versions: registered, former }: PlanInput): Release {
  const own = ownNodes(observed);
  const versions = new Map(own.map(({ node }) => [node.name, node.version]));
  const running = runningVersion(desired.name, observed.nodes);
  const current = running ?? former?.version ?? desired.version;
  const none = { current, hops: [], versions, outdated: new Set<string>() };
  const refused = (reason: string): Release => ({ ...none, problems: [{ property: "version", reason }] });

  if (isOlder(desired.version, current)) return refused(`is ${desired.version}, and ${desired.name} runs ${current}: Kubernetes can't go back. Declare ${current} or a later one; to have ${desired.version}, make another cluster and move to it.`);
  if (running === undefined || registered === undefined) return { ...none, problems: [] };

  const found = satisfies(running, desired.version) ? undefined : findVersion(desired.version, registered);
  if (typeof found === "string") return refused(found);
  const target = found?.version ?? running;
  const older = olderThan(running, versions.values());
  const behind = own.filter(({ node }) => older.has(node.version));
  const minorsBehind = (version: string): number => semver.minor(running) - semver.minor(version);
  const tooFar = behind.find(({ node }) => minorsBehind(node.version) > 1);
  if (tooFar) {
    return refused(`is ${desired.version}, and ${tooFar.node.name} runs ${tooFar.node.version}, two minors or more behind its control planes (${running}): kubeadm can't bring it along. Destroy its machine in Mold and run again: it is then made anew.`);
  }
  const hops: Hop[] = [];
  for (const wanted of stops(running, target, behind.some(({ node }) => target === running || minorsBehind(node.version) > 0))) {
    const to = findVersion(wanted, registered);
    if (typeof to === "string") return refused(`is ${desired.version}, and ${desired.name} runs ${running}. The way there leads through every minor, and ${to}`);
    hops.push({ from: hops.at(-1)?.to.version ?? lowest([running, ...behind.map(({ node }) => node.version)]), to });
  }
  const last = hops.at(-1);
  const toReach = last ? olderThan(last.to.version, versions.values()) : new Set();
  const outdated = new Set(own.flatMap(({ node }) => (toReach.has(node.version) ? [node.name] : [])));
  return { ...none, hops, outdated, problems: [...tooSmall(own.map(({ machine }) => machine), hops)] };
}

/** Of the versions that nodes run those that are older than another. Nodes may be thousands and their versions are a few: each is read once. */
export const olderThan = (than: string, versions: Iterable<string>): ReadonlySet<string | undefined> => new Set([...new Set(versions)].filter((version) => semver.lt(version, than)));

/** `1.35` is older than any 1.36, and not older than 1.35.4. */
export function isOlder(wanted: string, than: string): boolean {
  if (!semver.valid(than)) return false;
  const whole = semver.valid(wanted) ?? semver.valid(`${wanted}.999999`);
  return whole !== null && semver.lt(whole, than);
}

const lowest = (versions: readonly string[]): string => [...versions].sort(semver.compare)[0]!;

/** The versions to stop at, each whole or a minor. Whoever is a minor behind is brought along before the cluster goes on: never two minors apart. */
export function stops(running: string, target: string, isBehind: boolean): string[] {
  const minors = Array.from({ length: semver.minor(target) - semver.minor(running) }, (_, index) => `${semver.major(target)}.${semver.minor(running) + 1 + index}`);
  if (minors.length > 0) return [...(isBehind ? [running] : []), ...minors.slice(0, -1), target];
  return target !== running || isBehind ? [target] : [];
}

/** A machine that is too small for a version on the way. One of each role is named. */
function* tooSmall(machines: readonly ObservedMachine[], hops: readonly Hop[]): Generator<Problem> {
  for (const role of ["control-plane", "worker"] as const) {
    for (const { to } of hops) {
      const small = machines.find((machine) => machine.role === role && machine.cpus > 0 && (machine.cpus < to.minCpus || machine.memoryMb < to.minMemoryMb));
      if (!small) continue;
      yield {
        property: role === "worker" ? "workers.offering" : "controlPlane.offering",
        reason: `${small.name} has ${small.cpus} CPU cores and ${small.memoryMb} MB (${small.offeringName}); Kubernetes ${to.version} needs at least ${to.minCpus} and ${to.minMemoryMb} MB. Give the machines a larger offering first, then upgrade.`,
      };
      break;
    }
  }
}
