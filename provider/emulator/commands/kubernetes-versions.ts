/** Kubernetes versions: each an ISO that is registered for a zone, or for all. */
import { asked, equals, keyword, page, time, zone } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { badValue, invalid } from "../errors";
import type { VersionRow } from "../model";

function versionAnswer(call: Call, version: VersionRow): object {
  const iso = call.cloud.table("isos").get(version.isoId);
  return {
    id: version.id,
    name: version.name,
    semanticversion: version.semanticVersion,
    ...(iso === undefined ? {} : { isoid: iso.id, isoname: iso.name, isourl: iso.url, isostate: "Ready" }),
    arch: "x86_64",
    ...(version.zoneId === undefined ? {} : zone(call.cloud, version.zoneId)),
    supportsha: true,
    supportsautoscaling: true,
    state: version.state,
    mincpunumber: version.minCpus,
    minmemory: version.minMemoryMb,
    created: time(version.created),
    directdownload: false,
  };
}

export const kubernetesVersionCommands: Commands = {
  listKubernetesSupportedVersions: {
    kind: "sync",
    refs: { id: "versions", minimumkubernetesversionid: "versions" },
    run: (call) => {
      const least = call.ref("versions", "minimumkubernetesversionid");
      const versions = call.cloud
        .table("versions")
        .filter((version) => asked(call, version) && (version.zoneId === undefined || equals(call, "zoneid", version.zoneId)) && keyword(call, version.name, version.semanticVersion))
        .filter((version) => least === undefined || compare(version.semanticVersion, least.semanticVersion) >= 0)
        .filter((version) => call.text("minimumsemanticversion") === undefined || compare(version.semanticVersion, call.need("minimumsemanticversion")) >= 0);
      return page(call, "kubernetessupportedversion", versions, (version) => versionAnswer(call, version));
    },
  },

  addKubernetesSupportedVersion: {
    kind: "sync",
    admin: true,
    run(call) {
      const { cloud } = call;
      const semanticVersion = call.need("semanticversion");
      if (!/^\d+\.\d+\.\d+$/.test(semanticVersion)) throw invalid(`Invalid version format: ${semanticVersion}. Semantic version needed`);
      const zoneId = call.ref("zones", "zoneid")?.id;
      const name = call.text("name") ?? `v${semanticVersion}${zoneId === undefined ? "" : `-${cloud.table("zones").get(zoneId)?.name ?? ""}`}`;
      const iso = cloud.table("isos").put({ ...cloud.identity("isos"), name: `${name}-Kubernetes-Binaries-ISO`, displayText: `${name}-Kubernetes-Binaries-ISO`, kubernetesVersion: semanticVersion, zoneId, url: call.text("url") ?? "", created: cloud.now() });
      const version = cloud.table("versions").put({
        ...cloud.identity("versions"),
        name,
        semanticVersion,
        isoId: iso.id,
        zoneId,
        minCpus: call.whole("mincpunumber") ?? 2,
        minMemoryMb: call.whole("minmemory") ?? 2048,
        state: "Enabled",
        created: cloud.now(),
      });
      return { kubernetessupportedversion: versionAnswer(call, version) };
    },
  },

  updateKubernetesSupportedVersion: {
    kind: "sync",
    admin: true,
    refs: { id: "versions" },
    run(call) {
      const version = call.must("versions", "id");
      const state = call.need("state").toLowerCase() === "enabled" ? "Enabled" : "Disabled";
      return { kubernetessupportedversion: versionAnswer(call, call.cloud.table("versions").patch(version.id, { state })) };
    },
  },

  deleteKubernetesSupportedVersion: {
    kind: "async",
    admin: true,
    refs: { id: "versions" },
    begin: (call) => ({ ms: call.cloud.durations.cluster }),
    finish(call) {
      const version = call.ref("versions", "id");
      if (version === undefined) throw badValue(call.command, "id", call.need("id"));
      const iso = call.cloud.table("isos").get(version.isoId);
      if (iso !== undefined) call.cloud.drop("isos", iso);
      call.cloud.drop("versions", version);
      return { success: true };
    },
  },
};

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
