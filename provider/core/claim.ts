/**
 * Making a thing that takes neither name nor tag. What is about to be made is written first, as an intent tag on the address it
 * belongs to; the next run claims only what matches an intent, so that a rule somebody made by hand is never taken for ours.
 */
import { createHash } from "node:crypto";
import { ClusterError } from "./errors";
import { tagKeys, tagParameters, tagsOf, type TaggedKind, type Tags } from "./ownership";
import { isMoldFailure, type CallContext, type StartedJob, type World } from "./ports";
import { Patience } from "./waiting";
import { cut, fitted, keptOf } from "./wording";

export interface Claim {
  /** `firewall rule tcp/443 from 0.0.0.0/0`, for messages. */
  readonly what: string;
  readonly resource?: string;
  readonly property?: string;
  /** Id of the public address that carries the intent, or of what else does. */
  readonly address: string;
  /** What carries it. Default: a public address. */
  readonly carrier?: IntentCarrier;
  readonly kind: TaggedKind;
  /** What tells this rule from every other on the address: kind, protocol, ports, range. */
  readonly tuple: string;
  /** Whose it is. A rule with the same values is ours already. */
  readonly tags: Tags;
  /** The resource has an argument by which it takes over what exists. */
  readonly adoptable?: boolean;
  /** Rules on the address with exactly this tuple. */
  find(): Promise<readonly ClaimedRule[]>;
  create(): Promise<Pick<StartedJob<"createFirewallRule">, "id"> & { done(): Promise<unknown> }>;
}

/** What can carry an intent of a rule: where the rule is to be. */
export type IntentCarrier = "PublicIpAddress" | "Network" | "LoadBalancer";

export interface ClaimedRule {
  readonly id: string;
  readonly state: string;
  readonly tags: Tags;
}

export const intentKey = (tuple: string): string => tagKeys.intent + createHash("sha256").update(tuple).digest("hex").slice(0, 12);
const isOurs = (tags: Tags, ours: Tags): boolean => Object.entries(ours).every(([key, value]) => tags[key] === value);

/** How long the job of a dead run is waited for, whose rule is neither made nor gone. */
export const pendingMs = 600_000;
const passing = new Set(["Staged", "Add", "Revoke", "Deleting"]);
/** A job is at work on it, or was when it was last heard of. */
export const isOnItsWay = ({ state }: { readonly state: string }): boolean => passing.has(state);

/** Makes the rule or goes on with what an interrupted run made of it; answers with its id. */
export async function claimRule(world: World, claim: Claim): Promise<string> {
  const patience = new Patience(world.clock, world.signal, pendingMs);
  // A rule whose job ends badly is gone again: then it is made anew.
  return patience.until(
    async () => {
      const { id, ended } = await markedRule(world, claim);
      if (ended) return id;
      const rule = (await claim.find()).find((each) => each.id === id);
      return rule && !isOnItsWay(rule) ? id : undefined;
    },
    (waited) => `${claim.resource ? `${claim.resource}: ` : ""}the ${claim.what} is neither made nor gone after ${waited}. Look at its events in Mold; delete it there if it stays like that, then run again.`,
  );
}

/** `ended`: no job is at work on it any longer. */
async function markedRule(world: World, claim: Claim): Promise<{ id: string; ended: boolean }> {
  const context: CallContext = { resource: claim.resource, property: claim.property, signal: world.signal };
  const place = { id: claim.address, carrier: claim.carrier };
  const there = await claim.find();
  const ours = there.find(({ tags }) => isOurs(tags, claim.tags));
  const key = intentKey(claim.tuple);
  const intent = (await intentsOn(world, place))[key];
  if (ours) {
    if (intent !== undefined) await removeIntent(world, place, key, undefined, context);
    return { id: ours.id, ended: !isOnItsWay(ours) };
  }
  const intended = intent !== undefined && isIntentOf(intent, claim.tags, claim.tuple);
  const [untagged] = there.filter(({ tags }) => Object.keys(tags).length === 0);
  if (there.length > 0 && !(untagged && intended)) {
    const owner = there[0]!.tags[tagKeys.owner];
    throw new ClusterError(
      `there is already a ${claim.what} (${there[0]!.id}), ${owner ? `declared by ${owner}` : "made by hand or by another program"}. ${claim.adoptable ? "Delete that one, change this declaration, or set adopt to take it over" : "Delete that one or change this declaration"}.`,
      { resource: claim.resource, property: claim.property },
    );
  }
  let id = untagged?.id;
  let ended = untagged !== undefined && !isOnItsWay(untagged);
  if (id === undefined) {
    if (!intended) {
      if (intent !== undefined) await removeIntent(world, place, key, intent, context);
      const value = `${intentText(claim.tags, claim.tuple)}@${new Date(world.clock.now()).toISOString()}`;
      await orAlready(
        () => world.mold.run("createTags", { ...carried(place), tags: tagParameters({ [key]: value }) }, context),
        async () => isIntentOf((await intentsOn(world, place))[key] ?? "", claim.tags, claim.tuple),
      );
    }
    const job = await claim.create();
    await job.done();
    ended = true;
    id = job.id ?? (await claim.find())[0]?.id;
    if (id === undefined) throw new ClusterError(`Mold says that it made the ${claim.what}, and does not list it. Run again.`, { resource: claim.resource });
  }
  const made = id;
  await orAlready(
    () => world.mold.run("createTags", { resourcetype: claim.kind, resourceids: [made], tags: tagParameters(claim.tags) }, context),
    async () => (await claim.find()).some((rule) => rule.id === made && isOurs(rule.tags, claim.tags)),
  );
  await removeIntent(world, place, key, undefined, context);
  return { id, ended };
}

/** A job of a dead run may get there first, and ours is refused then. What counts is that it is so. */
export async function orAlready(change: () => Promise<unknown>, isSo: () => Promise<boolean>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!isMoldFailure(error) || error.kind !== "refused" || !(await isSo())) throw error;
  }
}

export const intentsIn = (tags: Tags): Tags => Object.fromEntries(Object.entries(tags).filter(([key]) => key.startsWith(tagKeys.intent)));

/** The most that Mold takes as a tag's value is 255; the time follows, and of parts of autoscaling which they are not. */
const longest = 199;
const kept = keptOf(longest);

/** Who is about to make what: another stack's intent is no intent of ours. */
export function intentText(tags: Tags, tuple: string): string {
  return fitted(`${tags[tagKeys.owner] ?? ""} ${tags[tagKeys.resource] ?? tags[tagKeys.role] ?? ""} ${tuple}`, longest);
}

/** Pure: whether an intent tag's value begins so, as far as it could be kept. */
export const beginsAs = (value: string, start: string): boolean => value.startsWith(start) || (start.length > kept && value.startsWith(`${cut(start, kept)}~`));

/** Pure: whether an intent tag's value was written for this. */
export const isIntentOf = (value: string, tags: Tags, tuple: string): boolean => value.startsWith(`${intentText(tags, tuple)}@`);

/** Where an intent is written. */
export interface IntentPlace {
  readonly id: string;
  /** Default: a public address. */
  readonly carrier?: IntentCarrier;
}

const carried = ({ id, carrier = "PublicIpAddress" }: IntentPlace): { resourcetype: string; resourceids: string[] } => ({ resourcetype: carrier, resourceids: [id] });

export async function intentsOn(world: World, { id, carrier = "PublicIpAddress" }: IntentPlace): Promise<Tags> {
  const tags = await world.mold.list("listTags", { resourcetype: carrier, resourceid: id });
  return intentsIn(tagsOf({ tags }));
}

export async function removeIntent(world: World, place: IntentPlace, key: string, value?: string, context: CallContext = {}): Promise<void> {
  await orAlready(
    () => world.mold.run("deleteTags", { ...carried(place), tags: [value === undefined ? { key } : { key, value }] }, context),
    async () => (await intentsOn(world, place))[key] === undefined,
  );
}
