/** Every data source by its name. Loaded when first asked: none of it belongs to a program's start. */
import type { DataSourceName } from "../../../schema/data-source";
import type { DataArguments, DataResults } from "../../../schema/generated/types";
import type { Session } from "../handler";
import { getComments } from "./get-comments";
import { getEvents } from "./get-events";
import { getKubernetesCluster } from "./get-kubernetes-cluster";
import { getKubernetesClusters } from "./get-kubernetes-clusters";
import { getKubernetesVersions } from "./get-kubernetes-versions";
import { getNetworkRules } from "./get-network-rules";

type Readers = { readonly [Name in DataSourceName]: (session: Session, given: DataArguments[Name]) => Promise<DataResults[Name]> };

/**
 * Each checks what it is asked, and asks Mold.
 * @throws ClusterError naming the argument that is wrong or finds nothing; ConnectionError; MoldError
 * @example const { clusters } = await readers.getKubernetesClusters(session, { state: "Running" });
 */
export const readers: Readers = { getKubernetesClusters, getKubernetesCluster, getKubernetesVersions, getEvents, getComments, getNetworkRules };
