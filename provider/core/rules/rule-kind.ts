/** What holds for every kind of NetworkRule: found by its tags, changed in place where Mold can, else made anew, and unmade whole. */
import { claimRule, isOnItsWay, orAlready, pendingMs } from "../claim";
import { mark, tagKeys, type TaggedKind, type Tags } from "../ownership";
import type { CallContext, World } from "../ports";
import { Patience } from "../waiting";
import { fitted } from "../wording";
import type { RulePlace } from "./place";
import { clearLeftovers, identityTags, isAdoptable, isRuleOf, lacksTags, leftIntents, retag, type RuleOwner } from "./shared";
import { applyOnce, claimSpot, deleteUnlessMade, isAnothersNow, isBetweenOwners, isLeaving, noteTaken, type SpotKind } from "./spots";
import { inTurn } from "./turns";

/** A rule as Mold shows it. */
export interface Seen {
  readonly id: string;
  readonly state: string;
  readonly tags: Tags;
  /** The end of its own text, of kinds that have one. */
  readonly signature?: string;
}

interface MadeJob {
  readonly id?: string;
  done(): Promise<unknown>;
}

/** `Span`: what tells a rule from the others of its place. `Desired`: all that is declared of it. */
export interface RuleKind<Span, Desired extends Span> extends SpotKind<Span> {
  /** The first word of the tuples. */
  readonly word: string;
  readonly tagged: TaggedKind;
  list(world: World, place: RulePlace): Promise<(Desired & Seen)[]>;
  /** Intents are written for it. Two rules with one tuple are one rule. */
  tuple(span: Span): string;
  /** Nothing is to be changed of a rule whose tuple is as declared. */
  same(rule: Desired, desired: Desired): boolean;
  /** Which rule of somebody else is taken over. Default: one with the same tuple. */
  readonly isEqual?: (rule: Desired, desired: Desired) => boolean;
  /** What a rule is that leads elsewhere than declared, in words of what is to be done. */
  readonly mend: string;
  create(world: World, place: RulePlace, desired: Desired, signature: string, context: CallContext): Promise<MadeJob>;
  /** Undefined: Mold can change nothing of it. */
  readonly update?: (world: World, rule: Desired & Seen, desired: Desired, signature: string, context: CallContext, place: RulePlace) => Promise<unknown>;
  remove(world: World, id: string, context: CallContext): Promise<unknown>;
  isThere(world: World, id: string): Promise<boolean>;
  /** It says whose it is from its first moment: no intent is needed for it. */
  readonly isSigned?: boolean;
}

export interface RuleJob {
  readonly world: World;
  readonly owner: RuleOwner;
  readonly place: RulePlace;
  /** `NetworkRule web`, for messages. */
  readonly resource: string;
}

/** The most that Mold takes of a rule's reason is 255 characters; the mark takes some of them. */
const longest = 220;

/** Whose a rule is. */
function signatureOf({ world, owner }: RuleJob): string {
  return mark(fitted(`${owner.cluster ?? "-"} ${world.owner} ${owner.resource}`, longest));
}

const wantedTags = ({ world, owner }: RuleJob): Tags => ({ ...identityTags(world, owner), ...owner.tags });

const isOwn = (job: RuleJob, rule: Seen): boolean => isRuleOf(job.world, job.owner, rule.tags) || (rule.signature !== undefined && rule.signature === signatureOf(job));

/** The resource's own rules: one, unless an interrupted run left another. */
export async function findRules<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob): Promise<(Desired & Seen)[]> {
  return (await kind.list(job.world, job.place)).filter((rule) => isOwn(job, rule));
}

/** What is to be done; undefined: it is as declared. */
export async function ruleDifference<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, desired: () => Promise<Desired>): Promise<string | undefined> {
  const rules = await findRules(kind, job);
  const [rule] = rules;
  if (!rule) return "make it: it is not there";
  const wanted = await desired();
  const difference = differenceFrom(kind, job, rules, wanted);
  if (difference === undefined) claimSpot(job, job.place, kind, wanted);
  return difference;
}

function differenceFrom<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, rules: readonly (Desired & Seen)[], wanted: Desired): string | undefined {
  const [rule] = rules as readonly [Desired & Seen];
  if (rules.length > 1 || kind.tuple(rule) !== kind.tuple(wanted) || !kind.same(rule, wanted)) return kind.mend;
  if (kind.isSigned && rule.signature !== signatureOf(job)) return kind.mend;
  if (lacksTags(rule.tags, wantedTags(job))) return "tag it as declared";
  return leftIntents(job.world, job.owner, job.place, kind.word).length > 0 ? "clear up after an interrupted run" : undefined;
}

interface ApplyOptions {
  /** Tags that were declared last time. */
  readonly former: Tags;
  /** An equal rule of somebody else is taken over. */
  readonly adopt: boolean;
}

/**
 * Makes the rule, or changes what there is of it; also what an interrupted run made of another declaration. One that has to be made
 * anew is there before the old one goes, unless Mold takes no two of them at once. Answers with its id.
 */
export const applyRule = <Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, desired: Desired, options: ApplyOptions): Promise<string> => applyOnce(job, kind, job.place, () => apply(kind, job, desired, options));

async function apply<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, desired: Desired, options: ApplyOptions): Promise<string> {
  const { world, owner, place } = job;
  claimSpot(job, place, kind, desired);
  const rules = await settledRules(kind, job);
  const own = rules.filter((rule) => isOwn(job, rule));
  const isWanted = (rule: Desired): boolean => kind.tuple(rule) === kind.tuple(desired);
  const isEqual = (rule: Desired): boolean => (kind.isEqual ? kind.isEqual(rule, desired) : isWanted(rule));
  const mine = own.find(isWanted) ?? (options.adopt ? rules.find((rule) => isEqual(rule) && !own.includes(rule) && isAdoptable(rule.tags) && !isLeaving(world, owner, rule.tags)) : undefined);
  const kept = mine ?? (rules.some((rule) => kind.conflict(rule, desired) && isLeaving(world, owner, rule.tags)) ? await takePlace(kind, job, desired) : undefined);
  const old = own.filter((rule) => rule !== kept);
  await clearLeftovers(world, job.owner, place, kind.word, {
    rules: rules.filter((rule) => rule !== kept).map((rule) => ({ ...rule, tuple: kind.tuple(rule) })),
    remove: (id) => removeRule(kind, job, id),
    ...(kept ? {} : { wanted: kind.tuple(desired) }),
  });
  const inTheWay = kept ? [] : old.filter((rule) => kind.conflict(rule, desired));
  for (const { id } of inTheWay) await removeRule(kind, job, id);
  const id = kept?.id ?? (await createRule(kind, job, desired));
  // One that an interrupted run had made may lead elsewhere.
  const rule = kept ?? (kind.update ? (await kind.list(world, place)).find((each) => each.id === id) : undefined);
  const isForeign = kind.isSigned === true && rule?.signature !== signatureOf(job);
  if (rule && kind.update && (isForeign || !kind.same(rule, desired))) await inTurn(world, place.id, () => kind.update!(world, rule, desired, signatureOf(job), contextOf(job), place));
  const tagged = kept ?? (kind.isSigned ? rule : undefined);
  if (tagged) await retag(world, kind.tagged, id, tagged.tags, wantedTags(job), { ...options.former, [tagKeys.cluster]: "" });
  for (const each of old) if (!inTheWay.includes(each)) await removeRule(kind, job, each.id);
  return id;
}

/**
 * Another rule of the same program has the place: it is about to leave it, or is declared no more, since no two of them may declare the same.
 * An equal one becomes this resource's, so that nothing is closed for a moment, and what else is in the way goes; its own change makes it anew where
 * it is declared. So rules change places in one run, in whatever order, and what an index counts moves up. In turn: another may just do the same.
 */
async function takePlace<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, desired: Desired): Promise<(Desired & Seen) | undefined> {
  const { world, owner, place } = job;
  return inTurn(world, place.id, async () => {
    const leaving = (await kind.list(world, place)).filter((rule) => kind.conflict(rule, desired) && isLeaving(world, owner, rule.tags));
    const equal = leaving.find((rule) => kind.tuple(rule) === kind.tuple(desired) && !isOnItsWay(rule));
    for (const { id } of leaving.filter((rule) => rule !== equal)) await removeNow(kind, job, id);
    if (!equal) return undefined;
    const wanted = wantedTags(job);
    await retag(world, kind.tagged, equal.id, equal.tags, wanted, equal.tags);
    noteTaken(world, equal.id, owner);
    return { ...equal, tags: wanted };
  });
}

/** The rules of the place; of a signed kind, which nobody claims, once no job of a dead run is at work on one of its own. */
async function settledRules<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob): Promise<(Desired & Seen)[]> {
  const { world, place, resource } = job;
  return new Patience(world.clock, world.signal, pendingMs).until(
    async () => {
      const rules = await kind.list(world, place);
      return kind.isSigned && rules.some((rule) => isOwn(job, rule) && isOnItsWay(rule)) ? undefined : rules;
    },
    (waited) => `${resource}: its ${kind.noun} in ${place.name} is neither made nor gone after ${waited}. Look at its events in Mold; delete it there if it stays like that, then run again.`,
  );
}

/** Everything of it, also what an interrupted run made and could not mark any more. */
export const deleteRules = <Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob): Promise<void> => deleteUnlessMade(job, kind, job.place, () => deleteAll(kind, job));

async function deleteAll<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob): Promise<void> {
  const rules = await kind.list(job.world, job.place);
  for (const rule of rules) if (isOwn(job, rule) || isBetweenOwners(job.world, job.owner, rule.tags)) await removeRule(kind, job, rule.id);
  await clearLeftovers(job.world, job.owner, job.place, kind.word, {
    rules: rules.map((rule) => ({ ...rule, tuple: kind.tuple(rule) })),
    remove: (id) => removeRule(kind, job, id),
  });
}

const contextOf = ({ world, resource }: RuleJob): CallContext => ({ resource, signal: world.signal });

async function createRule<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, desired: Desired): Promise<string> {
  const { world, place, resource } = job;
  const tuple = kind.tuple(desired);
  const create = (): Promise<MadeJob> =>
    inTurn(world, place.id, async () => {
      const begun = await kind.create(world, place, desired, signatureOf(job), contextOf(job));
      const made = await begun.done();
      return { id: begun.id, done: () => Promise.resolve(made) };
    });
  if (kind.isSigned) {
    const { id, done } = await create();
    return id ?? ((await done()) as { id?: string }).id!;
  }
  return claimRule(world, {
    what: `${kind.noun} ${tuple.slice(kind.word.length + 1)} on ${place.name}`,
    resource,
    property: "startPort",
    address: place.id,
    carrier: place.kind === "Network" ? "Network" : "PublicIpAddress",
    kind: kind.tagged,
    tuple,
    tags: wantedTags(job),
    adoptable: true,
    find: async () => (await kind.list(world, place)).filter((rule) => kind.tuple(rule) === tuple),
    create,
  });
}

async function removeRule<Span, Desired extends Span>(kind: RuleKind<Span, Desired>, job: RuleJob, id: string): Promise<void> {
  const { world, owner, place } = job;
  await inTurn(world, place.id, async () => {
    if (!isAnothersNow(world, id, owner)) await removeNow(kind, job, id);
  });
}

const removeNow = <Span, Desired extends Span>(kind: RuleKind<Span, Desired>, { world, resource }: RuleJob, id: string): Promise<void> =>
  orAlready(
    () => kind.remove(world, id, { resource }),
    async () => !(await kind.isThere(world, id)),
  );
