/**
 * Making a thing that takes neither name nor tag. What is about to be made is written first, as an intent tag on the address it
 * belongs to; the next run claims only what matches an intent, so that a rule somebody made by hand is never taken for ours.
 */
import { createHash } from "node:crypto";
import { ClusterError } from "./errors";
import { tagKeys, tagParameters, tagsOf, type TaggedKind, type Tags } from "./ownership";
import type { StartedJob, World } from "./ports";

export interface Claim {
  /** `firewall rule tcp/443 from 0.0.0.0/0`, for messages. */
  readonly what: string;
  readonly resource?: string;
  readonly property?: string;
  /** Id of the public address that carries the intent. */
  readonly address: string;
  readonly kind: TaggedKind;
  /** What tells this rule from every other on the address: kind, protocol, ports, range. */
  readonly tuple: string;
  /** Whose it is. A rule with the same values is ours already. */
  readonly tags: Tags;
  /** Rules on the address with exactly this tuple. */
  find(): Promise<readonly { readonly id: string; readonly state: string; readonly tags: Tags }[]>;
  create(): Promise<Pick<StartedJob<"createFirewallRule">, "id"> & { done(): Promise<unknown> }>;
}

export const intentKey = (tuple: string): string => tagKeys.intent + createHash("sha256").update(tuple).digest("hex").slice(0, 12);
const isOurs = (tags: Tags, ours: Tags): boolean => Object.entries(ours).every(([key, value]) => tags[key] === value);

/** Makes the rule or goes on with what an interrupted run made of it; answers with its id. */
export async function claimRule(world: World, claim: Claim): Promise<string> {
  const there = await claim.find();
  const ours = there.find(({ tags }) => isOurs(tags, claim.tags));
  const key = intentKey(claim.tuple);
  if (ours) {
    if ((await intentsOn(world, claim.address))[key] !== undefined) await removeIntent(world, claim.address, key);
    return ours.id;
  }
  const intent = (await intentsOn(world, claim.address))[key];
  const intended = intent?.startsWith(`${intentValue(claim)}@`) ?? false;
  const [untagged] = there.filter(({ tags }) => Object.keys(tags).length === 0);
  if (there.length > 0 && !(untagged && intended)) {
    const owner = there[0]!.tags[tagKeys.owner];
    throw new ClusterError(
      `there is already a ${claim.what} (${there[0]!.id}), ${owner ? `declared by ${owner}` : "made by hand or by another program"}. Delete that one or change this declaration.`,
      { resource: claim.resource, property: claim.property },
    );
  }
  let id = untagged?.id;
  if (id === undefined) {
    if (!intended) {
      if (intent !== undefined) await removeIntent(world, claim.address, key, intent);
      await world.mold.run("createTags", {
        resourcetype: "PublicIpAddress",
        resourceids: [claim.address],
        tags: tagParameters({ [key]: `${intentValue(claim)}@${new Date(world.clock.now()).toISOString()}` }),
      });
    }
    const job = await claim.create();
    await job.done();
    id = job.id ?? (await claim.find())[0]?.id;
    if (id === undefined) throw new ClusterError(`Mold says that it made the ${claim.what}, and does not list it. Run again.`, { resource: claim.resource });
  }
  await world.mold.run("createTags", { resourcetype: claim.kind, resourceids: [id], tags: tagParameters(claim.tags) });
  await removeIntent(world, claim.address, key);
  return id;
}

export const intentsIn = (tags: Tags): Tags => Object.fromEntries(Object.entries(tags).filter(([key]) => key.startsWith(tagKeys.intent)));

const intentValue = ({ tags, tuple }: Claim): string => `${tags[tagKeys.resource] ?? tags[tagKeys.role] ?? ""} ${tuple}`;

async function intentsOn(world: World, address: string): Promise<Tags> {
  const tags = await world.mold.list("listTags", { resourcetype: "PublicIpAddress", resourceid: address });
  return intentsIn(tagsOf({ tags }));
}

async function removeIntent(world: World, address: string, key: string, value?: string): Promise<void> {
  await world.mold.run("deleteTags", {
    resourcetype: "PublicIpAddress",
    resourceids: [address],
    tags: [value === undefined ? { key } : { key, value }],
  });
}
