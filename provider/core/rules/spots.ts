/**
 * Spots: the ports that a rule has at its place, or its number in an access list, of which Mold gives each to one rule alone. Two rules of one program may
 * change theirs with each other in one run; two that declare the same are refused, also where one names the place by its own id and the other by the cluster's:
 * that shows only once it is looked at, and each would then push the other off, run after run.
 */
import { ClusterError } from "../errors";
import { tagKeys, type Tags } from "../ownership";
import type { MoldPort, World } from "../ports";
import { isAdoptable, type RuleOwner } from "./shared";
import { inTurn } from "./turns";

/** Who asks for a spot. */
export interface SpotJob {
  readonly world: World;
  readonly owner: RuleOwner;
  /** `NetworkRule web`, for messages. */
  readonly resource: string;
}

/** Of which kind a spot is: those of different kinds are never in each other's way here. */
export interface SpotKind<Span> {
  /** `firewall rule`, for messages. */
  readonly noun: string;
  /** They have ports of each other's: Mold takes no two such rules at once (537). */
  conflict(one: Span, other: Span): boolean;
  /** Of kinds whose rules stand in an order. */
  readonly numberOf?: (span: Span) => number | undefined;
}

/** The address, network or access list. */
interface SpotPlace {
  readonly id: string;
}

interface Spot {
  readonly run: string;
  readonly resource: string;
  readonly noun: string;
  readonly place: string;
  readonly span: unknown;
}

/** What the runs of a process have of some kind, by the signal that ends them. */
class OfRuns<T> {
  private readonly bySignal = new WeakMap<AbortSignal, Map<string, T>>();

  of({ signal }: Pick<World, "signal">): Map<string, T> {
    const known = this.bySignal.get(signal) ?? new Map<string, T>();
    this.bySignal.set(signal, known);
    return known;
  }
}

const spots = new OfRuns<Spot>();

/** @throws ClusterError when another rule of this run stands there, or is to */
export function claimSpot<Span>({ world, resource }: SpotJob, place: SpotPlace, { noun, conflict, numberOf }: SpotKind<Span>, span: Span): void {
  const { run } = world;
  const known = spots.of(world);
  const others = [...known.values()].filter((spot) => spot.run === run && spot.resource !== resource && spot.noun === noun && spot.place === place.id);
  const samePorts = others.find((other) => conflict(other.span as Span, span));
  if (samePorts) {
    const property = noun === "balancer rule" ? "publicPort" : "startPort";
    throw new ClusterError(`${samePorts.resource} of this program declares a ${noun} for the same ports at the same place; Mold takes one of the two. Change one of them.`, { resource, property });
  }
  const number = numberOf?.(span);
  const sameNumber = number === undefined ? undefined : others.find((other) => numberOf!(other.span as Span) === number);
  if (sameNumber) throw new ClusterError(`number ${number} is also declared by ${sameNumber.resource} for the same access list; Mold takes one rule a number. Change one of the two.`, { resource, property: "number" });
  known.set(`${run} ${resource} ${noun} ${place.id}`, { run, resource, noun, place: place.id, span });
}

/**
 * Pure: whether a rule is another one's of the same program, which may be made to leave its spot; or nobody's, as a run left it that was taking it.
 * Both have to name their place alike, by the cluster or not: then a check has seen that they don't declare the same. Never what a cluster made for its own API.
 */
export const isLeaving = (world: Pick<World, "owner">, owner: RuleOwner, rule: Tags): boolean =>
  rule[tagKeys.owner] === world.owner && rule[tagKeys.cluster] === owner.cluster && isAdoptable(rule) && rule[tagKeys.resource] !== owner.resource;

/**
 * Pure: whether a rule is nobody's of the same program: a run was killed as it took it over, when it was the one's no more and the other's not yet. Whichever of the
 * two is deleted takes it along. A take-over in this process looks so for a moment, too: {@link isAnothersNow}, asked in turn, tells that.
 */
export const isBetweenOwners = (world: Pick<World, "owner">, owner: RuleOwner, rule: Tags): boolean => isLeaving(world, owner, rule) && rule[tagKeys.resource] === undefined;

const taken = new WeakMap<MoldPort, Map<string, string>>();

/** Notes that a rule, by its id, has become this resource's. */
export function noteTaken({ mold }: Pick<World, "mold">, id: string, { resource }: RuleOwner): void {
  taken.set(mold, (taken.get(mold) ?? new Map<string, string>()).set(id, resource));
}

/** Whether a rule that was seen as this resource's has become another one's in this process since. */
export function isAnothersNow({ mold }: Pick<World, "mold">, id: string, { resource }: RuleOwner): boolean {
  return (taken.get(mold)?.get(id) ?? resource) !== resource;
}

/** Which resource's rules runs have made or changed. */
const made = new OfRuns<true>();

const identity = ({ world, owner }: SpotJob, { noun }: { readonly noun: string }, place: SpotPlace): string => `${world.run} ${world.owner} ${noun} ${place.id} ${owner.cluster ?? ""} ${owner.resource}`;

/** Makes or changes a resource's rule, while nothing else is done about it. */
export function applyOnce<T>(job: SpotJob, kind: { readonly noun: string }, place: SpotPlace, work: () => Promise<T>): Promise<T> {
  const key = identity(job, kind, place);
  return inTurn(job.world, key, async () => {
    const done = await work();
    made.of(job.world).set(key, true);
    return done;
  });
}

/**
 * Deletes a resource's rule, unless the same run has made it: then it went to another parent in the program, or its replacement was made first, and to Mold
 * the two are one.
 */
export function deleteUnlessMade(job: SpotJob, kind: { readonly noun: string }, place: SpotPlace, work: () => Promise<void>): Promise<void> {
  const key = identity(job, kind, place);
  return inTurn(job.world, key, async () => {
    if (made.of(job.world).has(key)) job.world.log.info(`${job.resource}: its ${kind.noun} stays, as another resource of that name, which this run has made`);
    else await work();
  });
}
