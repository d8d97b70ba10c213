/** Affinity groups. They can't be tagged; their names are unique within an account. */
import { asked, equals, keyword, owner, page } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { internal, invalid } from "../errors";
import type { AffinityGroupRow } from "../model";
import { affinityTypes } from "../placement";

function groupAnswer(call: Call, group: AffinityGroupRow): object {
  const members = call.cloud.table("machines").filter(({ affinityGroupIds }) => affinityGroupIds.includes(group.id));
  return {
    id: group.id,
    name: group.name,
    ...(group.description === undefined ? {} : { description: group.description }),
    ...owner(call.cloud, group),
    type: group.type,
    ...(members.length > 0 ? { virtualmachineIds: members.map(({ id }) => id) } : {}),
    dedicatedresources: [],
  };
}

export const affinityGroupCommands: Commands = {
  listAffinityGroupTypes: { kind: "sync", run: (call) => page(call, "affinityGroupType", [...affinityTypes], (type) => ({ type })) },

  listAffinityGroups: {
    kind: "sync",
    refs: { id: "affinityGroups" },
    run: (call) => {
      const machine = call.ref("machines", "virtualmachineid");
      const groups = call.cloud
        .table("affinityGroups")
        .filter((group) => asked(call, group) && call.shows(group) && equals(call, "name", group.name) && equals(call, "type", group.type) && keyword(call, group.name, group.description, group.type))
        .filter((group) => call.text("virtualmachineid") === undefined || machine?.affinityGroupIds.includes(group.id) === true);
      return page(call, "affinitygroup", groups, (group) => groupAnswer(call, group));
    },
  },

  createAffinityGroup: {
    kind: "async",
    begin(call) {
      const { cloud } = call;
      const name = call.need("name");
      const type = call.need("type");
      if (!affinityTypes.some((one) => one === type)) throw invalid(`Unable to create affinity group, no Affinity Group Types configured for ${type}`);
      const twin = cloud.table("affinityGroups").find((group) => group.name === name && group.accountId === call.owner.accountId && group.projectId === call.owner.projectId);
      if (twin !== undefined) throw invalid(`Unable to create affinity group, a group with name ${name} already exists.`);
      const row = cloud.table("affinityGroups").put({ ...cloud.identity("affinityGroups"), ...call.owner, name, description: call.text("description"), type });
      return { id: row.id, instanceType: "AffinityGroup", ms: cloud.durations.affinityGroup, made: { groupId: row.id } };
    },
    finish(call, job) {
      const group = call.cloud.table("affinityGroups").get(job.made.groupId ?? "");
      if (group === undefined) throw internal("Failed to create affinity group");
      return { affinitygroup: groupAnswer(call, group) };
    },
    failed(call, job) {
      const group = call.cloud.table("affinityGroups").get(job.made.groupId ?? "");
      if (group !== undefined) call.cloud.drop("affinityGroups", group);
    },
  },

  deleteAffinityGroup: {
    kind: "async",
    refs: { id: "affinityGroups" },
    begin(call) {
      if (call.text("id") === undefined && call.text("name") === undefined) throw invalid("Either the affinity group Id or group name must be specified to delete the group");
      return { instanceType: "AffinityGroup", ms: call.cloud.durations.affinityGroup };
    },
    finish(call) {
      const { cloud } = call;
      const group = call.ref("affinityGroups", "id") ?? cloud.table("affinityGroups").find((one) => one.name === call.text("name") && call.mayUse(one));
      if (group === undefined) throw invalid(`Unable to find affinity group ${call.text("id") ?? call.text("name") ?? ""}`);
      // Members do not hold it: upstream removes their mapping with it (AffinityGroupServiceImpl.deleteAffinityGroup).
      for (const machine of cloud.table("machines").filter(({ affinityGroupIds }) => affinityGroupIds.includes(group.id))) {
        cloud.table("machines").patch(machine.id, { affinityGroupIds: machine.affinityGroupIds.filter((id) => id !== group.id) });
      }
      cloud.drop("affinityGroups", group);
      return { success: true };
    },
  },
};
