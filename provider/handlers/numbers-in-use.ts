/**
 * Numbers in access lists that one run has seen standing or has given. A list may be declared by its own id or by its network's: that two
 * rules share one shows only once it is looked at, and each would then push the other off its number, run after run.
 */
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import type { RulePlace } from "../core/rules/place";
import type { Session } from "./handler";

interface Claimed {
  readonly list: string;
  readonly number: number;
  readonly resource: string;
}

const sessions = new WeakMap<Session, Map<string, Claimed>>();

/** @throws ClusterError when another rule of this session has it */
export function claimNumber(session: Session, { id: list }: RulePlace, { kind, number }: CheckedNetworkRuleInputs, resource: string): void {
  const claims = sessions.get(session) ?? new Map<string, Claimed>();
  sessions.set(session, claims);
  claims.delete(resource);
  if (kind !== "acl" || number === undefined) return;
  const other = [...claims.values()].find((each) => each.list === list && each.number === number);
  if (other) throw new ClusterError(`number ${number} is also declared by ${other.resource} for the same access list; Mold takes one rule a number. Change one of the two.`, { resource, property: "number" });
  claims.set(resource, { list, number, resource });
}
