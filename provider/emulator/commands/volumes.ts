/** Volumes: the root disks of machines. */
import { asked, equals, keyword, owner, page, taggedAsAsked, time, zone, tagsOn } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { badValue, invalid } from "../errors";
import type { VolumeRow } from "../model";
import { hostClusterId, podId, storageId } from "../seed-ids";

/** Texts and order of the refusals: upstream's VolumeApiServiceImpl.resizeVolume. On KVM the machine may run meanwhile. */
const resize: AsyncCommand = {
  kind: "async",
  refs: { id: "volumes" },
  begin: (call) => ({ instanceType: "Volume", instanceId: call.need("id"), ms: call.cloud.durations.resize, alone: true }),
  finish(call, job) {
    const { cloud } = call;
    const volume = call.ref("volumes", "id");
    if (volume === undefined) throw badValue(call.command, "id", call.need("id"));
    const offering = cloud.table("offerings").get(cloud.table("machines").get(volume.machineId)?.offeringId ?? "");
    const gb = call.whole("size");
    if (gb !== undefined && offering?.rootDiskGb !== undefined) {
      throw invalid("Failed to resize Root volume. The service offering of this Volume has been configured with a root disk size; on such case a Root Volume can only be resized when changing to another Service Offering with a Root disk size. For more details please check out the Official Resizing Volumes documentation.");
    }
    const sizeBytes = gb === undefined ? volume.sizeBytes : gb * 2 ** 30;
    if (volume.sizeBytes > sizeBytes && call.flag("shrinkok") !== true) {
      throw invalid(`Going from existing size of ${volume.sizeBytes} to size of ${sizeBytes} would shrink the volume.Need to sign off by supplying the shrinkok parameter with value of true.`);
    }
    return { volume: { ...volumeAnswer(call, cloud.table("volumes").patch(volume.id, { sizeBytes })), jobid: job.id, jobstatus: 0 } };
  },
};

export const volumeCommands: Commands = {
  resizeVolume: resize,

  listVolumes: {
    kind: "sync",
    refs: { id: "volumes" },
    run: (call) => {
      const { cloud } = call;
      const volumes = cloud
        .table("volumes")
        .filter((volume) => asked(call, volume) && call.shows(volume) && equals(call, "virtualmachineid", volume.machineId) && equals(call, "type", "ROOT"))
        .filter((volume) => equals(call, "name", volume.name) && keyword(call, volume.name) && equals(call, "zoneid", volume.zoneId) && taggedAsAsked(call, volume.id));
      return page(call, "volume", volumes, (volume) => volumeAnswer(call, volume));
    },
  },
};

function volumeAnswer(call: Call, volume: VolumeRow): object {
  const { cloud } = call;
  const machine = cloud.table("machines").get(volume.machineId);
  const template = cloud.table("templates").get(machine?.templateId ?? "");
  const offering = cloud.table("offerings").get(machine?.offeringId ?? "");
  const ready = volume.state === "Ready";
  return {
    id: volume.id,
    name: volume.name,
    ...zone(cloud, volume.zoneId),
    type: "ROOT",
    deviceid: 0,
    virtualmachineid: volume.machineId,
    templateid: template?.id ?? "",
    templatename: template?.name ?? "",
    templatedisplaytext: template?.displayText ?? "",
    vmname: machine?.name ?? "",
    vmdisplayname: machine?.displayName ?? "",
    vmstate: machine?.state ?? "",
    vmtype: "User",
    provisioningtype: "thin",
    size: volume.sizeBytes,
    created: time(volume.created),
    state: volume.state,
    ...owner(cloud, volume),
    storagetype: "shared",
    diskkbsread: 0,
    diskkbswrite: 0,
    diskioread: 0,
    diskiowrite: 0,
    hypervisor: "KVM",
    ...(ready ? { storage: "primary" } : {}),
    destroyed: false,
    serviceofferingid: String(offering?.number ?? 0),
    serviceofferingname: offering?.name ?? "",
    serviceofferingdisplaytext: offering?.displayText ?? "",
    isextractable: false,
    displayvolume: true,
    ...(ready ? { path: volume.id, storageid: storageId } : {}),
    quiescevm: false,
    supportsstoragesnapshot: false,
    deleteprotection: false,
    ...(ready ? { clusterid: hostClusterId, clustername: "cluster-1", podid: podId, podname: "pod-1" } : {}),
    tags: tagsOn(cloud, volume.id),
    hasannotations: false,
  };
}
