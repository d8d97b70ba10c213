/** Kubernetes versions and cluster records. Only ExternalManaged clusters: Mold keeps a record, someone else runs them. */
import { asked, equals, hasAnnotations, keyword, owner, page, time, zone } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { ApiError, badValue, internal, invalid } from "../errors";
import type { ClusterRow, VersionRow } from "../model";
import { machineAnswer } from "./machine-answer";

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

function clusterAnswer(call: Call, cluster: ClusterRow): object {
  const { cloud } = call;
  const network = cluster.networkId === undefined ? undefined : cloud.table("networks").get(cluster.networkId);
  const address = network === undefined ? undefined : cloud.table("addresses").find((one) => one.networkId === network.id && one.sourceNat);
  const machines = cluster.machines.flatMap(({ machineId }) => cloud.table("machines").get(machineId) ?? []);
  const controls = cluster.machines.filter(({ control }) => control).length;
  return {
    id: cluster.id,
    name: cluster.name,
    ...(cluster.description === undefined ? {} : { description: cluster.description }),
    ...zone(cloud, cluster.zoneId),
    etcdnodes: 0,
    ...(network === undefined ? {} : { networkid: network.id, associatednetworkname: network.name }),
    ...(cluster.versionId === undefined ? {} : { kubernetesversionid: cluster.versionId, kubernetesversionname: cloud.table("versions").get(cluster.versionId)?.name ?? "" }),
    ...owner(cloud, cluster),
    // Before any machine is added Mold shows the one control node that was not asked for (recorded).
    masternodes: cluster.machines.length === 0 ? 1 : controls,
    controlnodes: cluster.machines.length === 0 ? 1 : controls,
    size: cluster.machines.length - controls,
    state: cluster.state,
    cpunumber: "0",
    memory: "0",
    endpoint: "",
    virtualmachines: machines.map((machine) => {
      const { domainpath: _path, templateid: _t, templatename: _tn, templatetype: _tt, templateformat: _tf, templatedisplaytext: _td, passwordenabled: _p, isos: _i, isomaxcount: _im, isoid: _ii, isoname: _in, isodisplaytext: _id, serviceofferingid: _s, serviceofferingname: _sn, cpunumber: _c, cpuspeed: _cs, memory: _m, rootdeviceid: _r, rootdevicetype: _rt, ipaddress: _ip, hasannotations: _h, ...shown } = machineAnswer(call, machine);
      return { isexternalnode: false, isetcdnode: false, ...shown };
    }),
    ...(address === undefined ? {} : { ipaddress: address.address, ipaddressid: address.id }),
    ...(machines.length > 0 ? { etcdips: {} } : {}),
    autoscalingenabled: false,
    csienabled: false,
    clustertype: "ExternalManaged",
    created: time(cluster.created),
    hasannotations: hasAnnotations(cloud, cluster.id),
  };
}

function existing(call: Call): ClusterRow {
  const cluster = call.ref("clusters", "id");
  if (cluster === undefined) throw internal("Invalid cluster id specified");
  return cluster;
}

const refuseExternal = (doing: string): Commands[string] => ({
  kind: "async",
  refs: { id: "clusters" },
  begin: (call) => ({ ms: call.cloud.durations.refuse }),
  finish(call) {
    throw internal(`${doing} kubernetes cluster is not supported for an externally managed cluster (${existing(call).name})`);
  },
});

export const kubernetesCommands: Commands = {
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

  listKubernetesClusters: {
    kind: "sync",
    refs: { id: "clusters" },
    run: (call) => {
      const clusters = call.cloud
        .table("clusters")
        .filter((cluster) => asked(call, cluster) && call.shows(cluster) && equals(call, "name", cluster.name) && equals(call, "state", cluster.state) && equals(call, "clustertype", "ExternalManaged") && keyword(call, cluster.name));
      return page(call, "kubernetescluster", clusters, (cluster) => clusterAnswer(call, cluster));
    },
  },

  createKubernetesCluster: {
    kind: "async",
    begin(call) {
      const { cloud } = call;
      const type = call.text("clustertype") ?? "CloudManaged";
      if (type.toLowerCase() !== "externalmanaged") {
        // What a real server checks first is checked first here too (recorded).
        const size = call.whole("size");
        if (size !== undefined && size < 1) throw internal(`Invalid cluster size: ${size}`);
        throw internal(`createKubernetesCluster with clustertype=${type} is not supported by the embedded Mold yet: only ExternalManaged is`);
      }
      const zoneRow = call.must("zones", "zoneid");
      const row = cloud.table("clusters").put({
        ...cloud.identity("clusters"),
        ...call.owner,
        name: call.need("name"),
        description: call.text("description"),
        zoneId: zoneRow.id,
        networkId: call.ref("networks", "networkid")?.id,
        versionId: call.ref("versions", "kubernetesversionid")?.id,
        machines: [],
        state: "Running",
      });
      return { id: row.id, instanceType: "KubernetesCluster", ms: cloud.durations.cluster, made: { clusterId: row.id } };
    },
    finish(call, job) {
      const cluster = call.cloud.table("clusters").get(job.made.clusterId ?? "");
      if (cluster === undefined) throw internal("Failed to create Kubernetes cluster");
      return { kubernetescluster: clusterAnswer(call, cluster) };
    },
    failed(call, job) {
      const cluster = call.cloud.table("clusters").get(job.made.clusterId ?? "");
      if (cluster !== undefined) call.cloud.drop("clusters", cluster);
    },
  },

  deleteKubernetesCluster: {
    kind: "async",
    refs: { id: "clusters" },
    begin(call) {
      const { cluster, refuse } = call.cloud.durations;
      return { instanceType: "KubernetesCluster", ms: call.ref("clusters", "id") === undefined ? refuse : cluster };
    },
    finish(call) {
      const cluster = existing(call);
      // The machines stay: they are their owner's. What is written on the record goes with it.
      const notes = call.cloud.table("annotations");
      for (const note of notes.filter(({ entityId }) => entityId === cluster.id)) notes.remove(note.id);
      call.cloud.drop("clusters", cluster);
      return { success: true };
    },
  },

  addVirtualMachinesToKubernetesCluster: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      const cluster = existing(call);
      const control = call.flag("iscontrolnode") === true;
      const added = call.list("virtualmachineids").filter((id) => !cluster.machines.some((one) => one.machineId === id));
      for (const id of added) if (call.cloud.table("machines").get(id) === undefined) throw badValue(call.command, "virtualmachineids", id);
      call.cloud.table("clusters").patch(cluster.id, { machines: [...cluster.machines, ...added.map((machineId) => ({ machineId, control }))] });
      return { success: true };
    },
  },

  removeVirtualMachinesFromKubernetesCluster: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      const cluster = existing(call);
      const ids = call.list("virtualmachineids");
      call.cloud.table("clusters").patch(cluster.id, { machines: cluster.machines.filter(({ machineId }) => !ids.includes(machineId)) });
      // The list stands under the name of the answer itself (recorded).
      return page(call, "removevirtualmachinesfromkubernetesclusterresponse", ids, (id) =>
        cluster.machines.some(({ machineId }) => machineId === id) ? { id, success: true } : { id, success: false, displaytext: "VM is not part of the cluster" },
      );
    },
  },

  getKubernetesClusterConfig: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      throw new ApiError(530, `Config not found for Kubernetes cluster : ${existing(call).name}`);
    },
  },

  scaleKubernetesCluster: refuseExternal("Scale"),
  stopKubernetesCluster: refuseExternal("Stop"),
  startKubernetesCluster: refuseExternal("Start"),
  upgradeKubernetesCluster: refuseExternal("Upgrade"),
};

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
