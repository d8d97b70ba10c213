/** Which hops lead from one version to another, zone by zone. */
import { registeredVersion } from "../core/catalogue";
import { upgradePath, type UpgradePath } from "../core/upgrade-path";
import { catalogueOf } from "./catalogues";
import { lookingAt } from "./data-sources/ask";
import type { Session } from "./handler";

export interface ZonePath extends UpgradePath {
  readonly zone: string;
  /** Name of the ISO of each hop, by the id of its version. */
  readonly isos: Readonly<Record<string, string>>;
}

export interface PathAsked {
  /** `1.34` or `1.34.2` */
  readonly from: string;
  readonly to: string;
  /** Name or id. Default: every zone. */
  readonly zone?: string;
}

/** @throws ClusterError when there is no such zone */
export async function upgradePaths(session: Session, { from, to, zone }: PathAsked): Promise<ZonePath[]> {
  const world = lookingAt(session, undefined);
  const zones = zone === undefined ? await world.mold.list("listZones", { available: true }) : [await catalogueOf(world).zone(zone)];
  return Promise.all(
    zones.map(async ({ id = "", name = "" }) => {
      const registered = await world.mold.list("listKubernetesSupportedVersions", { zoneid: id });
      return { zone: name, ...upgradePath(from, to, registered.map(registeredVersion)), isos: Object.fromEntries(registered.map(({ id: versionId = "", isoname = "" }) => [versionId, isoname])) };
    }),
  );
}
