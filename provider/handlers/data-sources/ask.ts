/** What the readers of all data sources are given and throw. */
import { checkArguments } from "../../../schema/check";
import type { DataSourceName } from "../../../schema/data-source";
import type { CheckedDataArguments } from "../../../schema/generated/types";
import { ClusterError } from "../../core/errors";
import type { World } from "../../core/ports";
import { sharedLists } from "../../core/shared-lists";
import type { Session } from "../handler";

/** Nobody declares anything here: what is looked at is anybody's. */
const nobody = { owner: "", resource: "" };

/** The world as one looks at it: the same list asked by several at once is asked once. */
export function lookingAt(session: Session, connection: string | undefined): World {
  const world = session.world(connection, nobody);
  return { ...world, mold: sharedLists(world) };
}

/** @throws ClusterError naming each argument that is wrong */
export function checked<Name extends DataSourceName>(name: Name, given: unknown): CheckedDataArguments[Name] {
  const { inputs, failures } = checkArguments(name, given);
  const [first] = failures;
  if (first) throw new ClusterError(failures.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`)).join("\n"), { resource: name, property: first.property });
  return inputs;
}
