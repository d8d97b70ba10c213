import type { Comment, GetCommentsArgs, GetCommentsResult } from "../../../schema/generated/types";
import { timeOf } from "../../core/observe";
import type { World } from "../../core/ports";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { iso, oneCluster, withoutAbsent, type ClusterRecord } from "./seen-clusters";

export async function getComments(session: Session, given: GetCommentsArgs): Promise<GetCommentsResult> {
  const { connection, ...which } = checked("getComments", given);
  const world = lookingAt(session, connection);
  return { comments: await commentsOn(world, (await oneCluster(world, which)).record) };
}

/** Comments are on a cluster's record: without one there are none. */
export async function commentsOn({ mold }: World, record: ClusterRecord | undefined): Promise<Comment[]> {
  if (record?.hasannotations !== true) return [];
  const found = await mold.list("listAnnotations", { entitytype: "KUBERNETES_CLUSTER", entityid: record.id });
  return found
    .map(({ id = "", annotation = "", username, created, adminsonly }) => {
      const at = timeOf(created);
      return withoutAbsent<Comment>({ id, text: annotation, author: username, created: at === undefined ? undefined : iso(at), adminsOnly: adminsonly === true });
    })
    .sort((a, b) => ((a.created ?? "") < (b.created ?? "") ? -1 : (a.created ?? "") > (b.created ?? "") ? 1 : 0));
}
