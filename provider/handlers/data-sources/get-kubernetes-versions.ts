import type { GetKubernetesVersionsArgs, GetKubernetesVersionsResult, KubernetesVersion } from "../../../schema/generated/types";
import { compareVersions, unusable } from "../../core/catalogue";
import type { Answer } from "../../core/ports";
import { catalogueOf } from "../catalogues";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { withoutAbsent } from "./seen-clusters";

export async function getKubernetesVersions(session: Session, given: GetKubernetesVersionsArgs): Promise<GetKubernetesVersionsResult> {
  const { connection, zone, usable } = checked("getKubernetesVersions", given);
  const world = lookingAt(session, connection);
  const zoneid = zone === undefined ? undefined : (await catalogueOf(world).zone(zone)).id;
  const found = await world.mold.list("listKubernetesSupportedVersions", { zoneid });
  const versions = found.map(versionSeen).sort((a, b) => compareVersions(a.version, b.version) || (a.id < b.id ? -1 : 1));
  return { versions: versions.filter((each) => each.usable || !usable) };
}

function versionSeen(registered: Answer<"listKubernetesSupportedVersions">): KubernetesVersion {
  const reason = unusable(registered);
  return withoutAbsent<KubernetesVersion>({
    id: registered.id ?? "",
    version: registered.semanticversion ?? "",
    name: registered.name ?? "",
    usable: reason === undefined,
    reason,
    state: registered.state ?? "",
    isoId: registered.isoid,
    isoName: registered.isoname,
    isoState: registered.isostate,
    zoneId: registered.zoneid,
    zoneName: registered.zonename,
    architecture: registered.arch,
    minCpuCores: registered.mincpunumber ?? 0,
    minMemoryMb: registered.minmemory ?? 0,
    supportsHa: registered.supportsha === true,
    supportsAutoscaling: registered.supportsautoscaling === true,
  });
}
