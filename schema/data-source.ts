/** What a data source's declaration consists of: something that a program or a person asks, and that changes nothing. */
import type { Json, Properties } from "./property";

export type DataSourceName = "getKubernetesClusters" | "getKubernetesCluster" | "getKubernetesVersions" | "getEvents" | "getComments" | "getNetworkRules";

export interface DataSource {
  readonly name: DataSourceName;
  readonly description: string;
  /** What is asked for. None has to be known by an engine first: unknown ones are waited for. */
  readonly inputs: Properties;
  /** What is answered. */
  readonly outputs: Properties;
  /** Whole arguments that are valid. */
  readonly example: Readonly<Record<string, Json>>;
}
