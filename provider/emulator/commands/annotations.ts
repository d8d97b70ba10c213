/** Annotations: the comments in Mold's screens. */
import { equals, page, time } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { ApiError, forbidden, invalid } from "../errors";
import type { AnnotationRow, TableName } from "../model";

const entities: Readonly<Record<string, TableName>> = {
  VM: "machines",
  NETWORK: "networks",
  PUBLIC_IP_ADDRESS: "addresses",
  KUBERNETES_CLUSTER: "clusters",
  VOLUME: "volumes",
  AFFINITY_GROUP: "affinityGroups",
  SSH_KEYPAIR: "keyPairs",
};

function annotationAnswer(call: Call, note: AnnotationRow): object {
  return {
    id: note.id,
    entitytype: note.entityType,
    entityid: note.entityId,
    entityname: note.entityName,
    annotation: note.text,
    userid: note.userId,
    username: call.cloud.table("users").get(note.userId)?.name ?? "",
    adminsonly: note.adminsOnly,
    created: time(note.created),
  };
}

export const annotationCommands: Commands = {
  addAnnotation: {
    kind: "sync",
    run(call) {
      const type = call.need("entitytype").toUpperCase();
      const table = entities[type];
      if (table === undefined) throw new ApiError(431, `Invalid entity type ${type}`, 4350);
      const entity = call.cloud.table(table).get(call.need("entityid")) as { id: string; name?: string; address?: string; accountId?: string; projectId?: string } | undefined;
      if (entity === undefined) throw invalid(`Invalid entity id ${call.need("entityid")} for type ${type}`);
      if (!call.mayUse(entity)) throw forbidden();
      const note = call.cloud.table("annotations").put({
        ...call.cloud.identity("annotations"),
        ...call.owner,
        entityId: entity.id,
        entityType: type,
        entityName: entity.name ?? entity.address ?? "",
        text: call.need("annotation"),
        userId: call.caller.user.id,
        adminsOnly: call.flag("adminsonly") === true,
      });
      call.cloud.event(call.actor, { type: "ANNOTATION.CREATE", text: "Successfully completed creating an annotation on an entity", resourceType: "Annotation" });
      return { annotation: annotationAnswer(call, note) };
    },
  },

  listAnnotations: {
    kind: "sync",
    refs: { id: "annotations" },
    run: (call) => {
      const notes = call.cloud
        .table("annotations")
        .filter((note) => equals(call, "id", note.id) && equals(call, "entityid", note.entityId) && equals(call, "entitytype", note.entityType) && (call.admin || (call.mayUse(note) && !note.adminsOnly)));
      return page(call, "annotation", notes, (note) => annotationAnswer(call, note));
    },
  },

  removeAnnotation: {
    kind: "sync",
    refs: { id: "annotations" },
    run(call) {
      const note = call.ref("annotations", "id");
      if (note !== undefined) call.cloud.drop("annotations", note);
      return { success: true };
    },
  },
};
