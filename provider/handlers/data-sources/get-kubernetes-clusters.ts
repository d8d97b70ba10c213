import type { GetKubernetesClustersArgs, GetKubernetesClustersResult } from "../../../schema/generated/types";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { clustersSeen, listed } from "./seen-clusters";

export async function getKubernetesClusters(session: Session, given: GetKubernetesClustersArgs): Promise<GetKubernetesClustersResult> {
  const { connection, name, state } = checked("getKubernetesClusters", given);
  const seen = clustersSeen(await listed(lookingAt(session, connection))).map(({ summary }) => summary);
  return { clusters: seen.filter((each) => (name === undefined || each.name === name) && (state === undefined || each.state.toLowerCase() === state.toLowerCase())) };
}
