/**
 * Spots: the ports that a rule has at its place, of which Mold gives each to one rule alone. Two rules of one program may change theirs with each other
 * in one run; two that declare the same are refused, also where one names the place by its own id and the other by the cluster's.
 */
import { ClusterError } from "../errors";
import { tagKeys, type Tags } from "../ownership";
import type { MoldPort, World } from "../ports";
import { isAdoptable, type RuleOwner } from "./shared";

/** Who asks for a spot. */
export interface SpotJob {
  readonly world: Pick<World, "signal">;
  /** `NetworkRule web`, for messages. */
  readonly resource: string;
}

/** Of which kind a spot is: those of different kinds are never in each other's way here. */
export interface SpotKind<Span> {
  /** `firewall rule`, for messages. */
  readonly noun: string;
  conflict(one: Span, other: Span): boolean;
}

interface Spot {
  readonly resource: string;
  readonly noun: string;
  readonly place: string;
  readonly span: unknown;
}

/** By the signal that ends the run: all of its resources share it, and no other run has it. */
const runs = new WeakMap<AbortSignal, Map<string, Spot>>();

/**
 * @param place the address, network or access list
 * @throws ClusterError when another rule of this run stands there, or is to
 */
export function claimSpot<Span>({ world: { signal }, resource }: SpotJob, place: { readonly id: string }, { noun, conflict }: SpotKind<Span>, span: Span): void {
  const spots = runs.get(signal) ?? new Map<string, Spot>();
  runs.set(signal, spots);
  const other = [...spots.values()].find((spot) => spot.resource !== resource && spot.noun === noun && spot.place === place.id && conflict(spot.span as Span, span));
  if (other) throw new ClusterError(`${other.resource} of this program declares a ${noun} for the same ports at the same place; Mold takes one of the two. Change one of them.`, { resource, property: noun === "balancer rule" ? "publicPort" : "startPort" });
  spots.set(`${resource} ${noun} ${place.id}`, { resource, noun, place: place.id, span });
}

/**
 * Pure: whether a rule is another one's of the same program, which may be made to leave its spot; or nobody's, as a run left it that was taking it.
 * Never what a cluster made for its own API.
 */
export const isLeaving = (world: Pick<World, "owner">, owner: RuleOwner, rule: Tags): boolean => rule[tagKeys.owner] === world.owner && isAdoptable(rule) && rule[tagKeys.resource] !== owner.resource;

const taken = new WeakMap<MoldPort, Map<string, string>>();

/** Which rules have become another resource's in this process, by their ids: and whose. */
export function takenRules({ mold }: Pick<World, "mold">): Map<string, string> {
  const rules = taken.get(mold) ?? new Map<string, string>();
  taken.set(mold, rules);
  return rules;
}
