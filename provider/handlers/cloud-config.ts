/** What the add-ons in a cluster ask Mold with, in the form that CloudStack's cloud controller and storage driver read. */
import { ClusterError } from "../core/errors";
import type { World } from "../core/ports";
import { catalogueOf } from "./catalogues";
import type { CheckFailure, CloudCredentials, Declared, Session } from "./handler";

/** https://github.com/apache/cloudstack-kubernetes-provider#readme: one section, a key a line. */
export function cloudConfig({ apiUrl, apiKey, secretKey, projectId, insecure }: CloudCredentials, zoneName: string): string {
  const lines = { "api-url": apiUrl, "api-key": apiKey, "secret-key": secretKey, "project-id": projectId, zone: zoneName || undefined, "ssl-no-verify": insecure ? "true" : undefined };
  return `[Global]\n${Object.entries(lines).map(([key, value]) => (value === undefined ? "" : `${key} = ${value}\n`)).join("")}`;
}

/** The cluster that they are for. */
interface Asking {
  readonly name: string;
  readonly connection?: string;
  readonly zone: string;
}

/** Keys that do not work would only show in the logs of pods. Those that see another project than the cluster's would find none of its machines. */
export async function checkCredentials(session: Session, credentials: string, { name, connection, zone }: Asking, declaredBy: Declared["declaredBy"]): Promise<CheckFailure[]> {
  const property = "addons.credentials";
  let world: World;
  try {
    world = session.world(credentials, declaredBy);
  } catch (error) {
    return [{ property, reason: (error as Error).message }];
  }
  const theirs = session.credentials(credentials).projectId;
  const ours = session.credentials(connection).projectId;
  if (theirs !== ours) return [{ property, reason: `the connection ${credentials} works in ${theirs === undefined ? "no project" : `the project ${theirs}`}, and ${name} is ${ours === undefined ? "in none" : `in ${ours}`}: its machines would not be found` }];
  try {
    await catalogueOf(world).zone(zone);
  } catch (error) {
    if (!(error instanceof Error) || (error.name !== "MoldError" && !(error instanceof ClusterError))) throw error;
    return [{ property, reason: `with the keys of the connection ${credentials}: ${error.message}` }];
  }
  return [];
}
