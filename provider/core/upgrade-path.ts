/** The way from one Kubernetes version to another, by what is registered with Mold: one hop per minor, the newest patch of each. Pure. */
import * as semver from "semver";
import { findVersion, type KubernetesVersion } from "./catalogue";
import { satisfies, stops } from "./release";

export interface PathHop {
  readonly from: string;
  readonly to: KubernetesVersion;
}

export interface UpgradePath {
  /** Whole where a patch of it is registered, a minor otherwise. */
  readonly from: string;
  /** In order, as far as each is registered. */
  readonly hops: readonly PathHop[];
  /** What is missing on the way, each with what to do; none: the way is open. */
  readonly missing: readonly string[];
}

const least = (version: string): string => semver.valid(version) ?? `${version}.0`;

/**
 * @param from `1.34` or `1.34.2` @param to likewise
 * @example upgradePath("1.34", "1.36", registered).hops.map(({ to }) => to.version) // ["1.35.4", "1.36.3"]
 */
export function upgradePath(from: string, to: string, registered: readonly KubernetesVersion[]): UpgradePath {
  const begin = semver.valid(from) ? undefined : findVersion(from, registered);
  const first = typeof begin === "object" ? begin.version : from;
  if (satisfies(first, to)) return { from: first, hops: [], missing: [] };
  const target = findVersion(to, registered);
  const whole = typeof target === "string" ? least(to) : target.version;
  if (semver.lt(whole, least(first))) return { from: first, hops: [], missing: [`${to} is older than ${first}: Kubernetes can't go back.`] };
  const hops: PathHop[] = [];
  const missing: string[] = [];
  for (const stop of stops(least(first), whole, false)) {
    const wanted = stop === whole ? to : stop;
    const found = findVersion(wanted, registered);
    if (typeof found === "string") missing.push(found);
    else hops.push({ from: hops.at(-1)?.to.version ?? first, to: found });
  }
  return { from: first, hops, missing };
}
