/** Volumes: the root disks of machines. */
import { asked, equals, keyword, owner, page, taggedAsAsked, time, zone, tagsOn } from "../answers";
import type { Commands } from "../command";
import { hostClusterId, podId, storageId } from "../seed-ids";

export const volumeCommands: Commands = {
  listVolumes: {
    kind: "sync",
    refs: { id: "volumes" },
    run: (call) => {
      const { cloud } = call;
      const volumes = cloud
        .table("volumes")
        .filter((volume) => asked(call, volume) && call.shows(volume) && equals(call, "virtualmachineid", volume.machineId) && equals(call, "type", "ROOT"))
        .filter((volume) => equals(call, "name", volume.name) && keyword(call, volume.name) && equals(call, "zoneid", volume.zoneId) && taggedAsAsked(call, volume.id));
      return page(call, "volume", volumes, (volume) => {
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
      });
    },
  },
};
