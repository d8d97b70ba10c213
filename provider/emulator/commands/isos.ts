/** ISO images: lists, and what is in a machine's drive. */
import { asked, equals, keyword, owner, page, time } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { badValue, invalid } from "../errors";
import type { MachineRow } from "../model";
import { isoSpec } from "../power";
import { osTypeId } from "../seed-ids";
import { machineResult } from "./machine-answer";

function machineWithDrive(call: Call): MachineRow {
  const machine = call.ref("machines", "virtualmachineid");
  if (machine === undefined) throw invalid("Unable to find a virtual machine by id");
  if (machine.state !== "Running" && machine.state !== "Stopped") throw invalid("Please specify an Instance that is either Stopped or Running.");
  return machine;
}

export const isoCommands: Commands = {
  listIsos: {
    kind: "sync",
    refs: { id: "isos" },
    run: (call) => {
      const { cloud } = call;
      const zones = cloud.table("zones").all();
      const isos = cloud
        .table("isos")
        .filter((iso) => asked(call, iso) && equals(call, "name", iso.name) && keyword(call, iso.name, iso.displayText))
        .flatMap((iso) => zones.filter((zone) => (iso.zoneId ?? zone.id) === zone.id && equals(call, "zoneid", zone.id)).map((zone) => ({ iso, zone })));
      const account = cloud.table("accounts").find(({ admin }) => admin);
      return page(call, "iso", isos, ({ iso, zone }) => ({
        id: iso.id,
        name: iso.name,
        displaytext: iso.displayText,
        ispublic: true,
        created: time(iso.created),
        isready: true,
        bootable: false,
        isfeatured: false,
        crossZones: iso.zoneId === undefined,
        ostypeid: osTypeId,
        ostypename: "None",
        ...owner(cloud, { accountId: account?.id }),
        zoneid: zone.id,
        zonename: zone.name,
        status: "Successfully Installed",
        size: 1_610_612_736,
        isextractable: false,
        arch: "x86_64",
        directdownload: false,
        url: iso.url,
        tags: [],
        hasannotations: false,
      }));
    },
  },

  attachIso: {
    kind: "async",
    refs: { id: "isos" },
    begin: (call) => ({ instanceType: "VirtualMachine", instanceId: call.need("virtualmachineid"), ms: call.cloud.durations.attachIso }),
    finish(call, job) {
      const iso = call.ref("isos", "id");
      if (iso === undefined) throw badValue(call.command, "id", call.need("id"));
      const machine = machineWithDrive(call);
      if (machine.isoId !== undefined && call.flag("forced") !== true) throw invalid("Instance has reached the maximum of 1 attached CD-ROM(s); detach one before attaching another.");
      call.cloud.table("machines").patch(machine.id, { isoId: iso.id });
      const spec = isoSpec(call.cloud, iso.id);
      if (spec !== undefined) call.cloud.afterwards(() => call.cloud.hypervisor.attachIso(machine.id, spec));
      return machineResult(call, machine.id, job.id);
    },
  },

  detachIso: {
    kind: "async",
    begin(call) {
      const { detachIso, refuse } = call.cloud.durations;
      const attached = call.ref("machines", "virtualmachineid")?.isoId !== undefined;
      return { instanceType: "VirtualMachine", instanceId: call.need("virtualmachineid"), ms: attached ? detachIso : refuse };
    },
    finish(call, job) {
      const machine = machineWithDrive(call);
      if (machine.isoId === undefined) throw invalid("The specified instance has no ISO attached to it.");
      call.cloud.table("machines").patch(machine.id, { isoId: undefined });
      call.cloud.afterwards(() => call.cloud.hypervisor.detachIso(machine.id));
      return machineResult(call, machine.id, job.id);
    },
  },
};
