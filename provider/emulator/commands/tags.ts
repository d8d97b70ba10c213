/** Tags: one value per key and resource. Creating one that is there fails: a compare-and-set. */
import { equals, keyword, owner, page, tagId } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { ApiError, forbidden, internal, invalid } from "../errors";
import type { OwnedRow, TableName, TagRow } from "../model";

/** The tables of the resource types that can be tagged here. Affinity groups and Kubernetes clusters can't. */
const taggable: Readonly<Record<string, TableName>> = {
  uservm: "machines",
  network: "networks",
  publicipaddress: "addresses",
  firewallrule: "firewallRules",
  loadbalancer: "balancers",
  portforwardingrule: "forwards",
  networkacl: "aclItems",
  vpc: "vpcs",
  volume: "volumes",
  project: "projects",
};
const spelled: Readonly<Record<string, string>> = {
  uservm: "UserVm",
  network: "Network",
  publicipaddress: "PublicIpAddress",
  firewallrule: "FirewallRule",
  loadbalancer: "LoadBalancer",
  portforwardingrule: "PortForwardingRule",
  networkacl: "NetworkACL",
  vpc: "Vpc",
  volume: "Volume",
  project: "Project",
};

interface Tagged {
  readonly type: string;
  readonly id: string;
  readonly accountId: string;
  readonly projectId?: string;
}

/** The resources a call names. All must be there, and the caller's. */
function resources(call: Call): Tagged[] {
  const type = call.need("resourcetype");
  const table = taggable[type.toLowerCase()];
  if (table === undefined) throw new ApiError(431, `The resource type ${type} doesn't support resource tags`, 4350);
  return call.list("resourceids").map((id) => {
    const row = call.cloud.table(table).get(id) as (Partial<OwnedRow> & { readonly id: string }) | undefined;
    if (row === undefined) throw invalid(`Unable to find resource by id ${id} and type ${spelled[type.toLowerCase()] ?? type}`);
    if (!call.mayUse(row)) throw forbidden();
    return { type: spelled[type.toLowerCase()] ?? type, id, accountId: row.accountId ?? call.caller.account.id, projectId: row.projectId };
  });
}

function shownTag(call: Call, tag: TagRow): object {
  return { key: tag.key, value: tag.value, resourcetype: tag.resourceType, resourceid: tag.resourceId, ...owner(call.cloud, tag) };
}

export const tagCommands: Commands = {
  createTags: {
    kind: "async",
    begin: (call) => {
      resources(call);
      return { ms: call.cloud.durations.tags };
    },
    finish(call) {
      const tags = call.cloud.table("tags");
      for (const resource of resources(call)) {
        for (const { key, value } of call.maps("tags")) {
          if (key === undefined || key === "" || value === undefined) throw invalid("Please enter a valid value for the tag");
          const id = tagId(resource.id, key);
          if (tags.get(id) !== undefined) throw internal(`tag ${key} already on ${resource.type} with id ${resource.id}`);
          tags.put({ id, number: call.cloud.count("tags"), resourceId: resource.id, resourceType: resource.type, key, value, accountId: resource.accountId, projectId: resource.projectId });
        }
      }
      return { success: true };
    },
  },

  deleteTags: {
    kind: "async",
    begin: (call) => {
      resources(call);
      return { ms: call.cloud.durations.tags };
    },
    finish(call) {
      const tags = call.cloud.table("tags");
      const wanted = call.maps("tags");
      let removed = 0;
      for (const resource of resources(call)) {
        for (const tag of tags.filter((one) => one.resourceId === resource.id)) {
          const meant = wanted.length === 0 || wanted.some(({ key, value }) => key === tag.key && (value === undefined || value === "" || value === tag.value));
          if (!meant) continue;
          tags.remove(tag.id);
          removed += 1;
        }
      }
      // Another value than the one that is there: the job fails and the tag stays.
      if (removed === 0) throw internal("Failed to delete tags");
      return { success: true };
    },
  },

  listTags: {
    kind: "sync",
    run: (call) => {
      const tags = call.cloud
        .table("tags")
        .filter((tag) => call.shows(tag) && equals(call, "key", tag.key) && equals(call, "value", tag.value) && equals(call, "resourceid", tag.resourceId) && equals(call, "resourcetype", tag.resourceType) && keyword(call, tag.key, tag.value));
      return page(call, "tag", tags, (tag) => shownTag(call, tag));
    },
  },
};
