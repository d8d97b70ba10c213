import type { ClusterEvent, GetEventsArgs, GetEventsResult } from "../../../schema/generated/types";
import { ClusterError } from "../../core/errors";
import { timeOf } from "../../core/observe";
import { addressesOf } from "../../core/own-address";
import { parseMachineName, tagKeys, tagParameters } from "../../core/ownership";
import type { Answer, World } from "../../core/ports";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { idsIn, iso, oneCluster, withoutAbsent, type SeenCluster } from "./seen-clusters";

type Event = Answer<"listEvents">;

export async function getEvents(session: Session, given: GetEventsArgs): Promise<GetEventsResult> {
  const { connection, since, level, limit, ...which } = checked("getEvents", given);
  const world = lookingAt(session, connection);
  const from = timeBefore(since, world.clock.now());
  const cluster = await oneCluster(world, which);
  // One list of them all: a list for each machine would be a call for each machine, and what is gone has no id to ask by.
  const [ids, events] = await Promise.all([resourcesOf(world, cluster), world.mold.list("listEvents", { startdate: dayBefore(from), level })]);
  return { events: eventsSeen(events, { ids, cluster: cluster.summary.name, isMolds: cluster.summary.clusterType === "CloudManaged", from, limit }) };
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * `24h`, `2026-11-23T13:00:00Z`: milliseconds since 1970.
 * @throws ClusterError when it is neither
 */
export function timeBefore(since: string, now: number): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(since) ?? [];
  if (number !== undefined) return now - Number(number) * units[unit!]! * 1000;
  const time = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since) : NaN;
  if (Number.isFinite(time)) return time;
  throw new ClusterError(`is ${JSON.stringify(since)}; must be a time (2026-11-23T13:00:00Z) or how long ago (90m, 24h, 7d)`, { resource: "getEvents: since", property: "since" });
}

/** Mold reads dates by its own zone, which nobody outside knows: asked for is the day before, and what is too old is left out here. */
const dayBefore = (ms: number): string => iso(ms - 86_400_000).slice(0, 10);

/** Ids of what the cluster is made of. */
async function resourcesOf({ mold }: World, { summary: { uid, moldId, networkId }, machines, record }: SeenCluster): Promise<Set<string>> {
  const tags = tagParameters({ [tagKeys.cluster]: uid ?? "" });
  const tagged = uid === undefined ? [] : await Promise.all([addressesOf({ mold }, uid), mold.list("listLoadBalancerRules", { tags }), mold.list("listFirewallRules", { tags }), mold.list("listPortForwardingRules", { tags })]);
  const known = [moldId, networkId, record?.ipaddressid, ...idsIn(record), ...machines.map(({ id }) => id), ...tagged.flat().map(({ id }) => id)];
  return new Set(known.flatMap((id) => id ?? []));
}

export interface Asked {
  readonly ids: ReadonlySet<string>;
  /** Its name: of a machine that is gone, the event's own words are all there is. */
  readonly cluster: string;
  /** Mold runs it, and names its machines. */
  readonly isMolds?: boolean;
  readonly from: number;
  readonly limit: number;
}

/** `prod-node-19b7c1d2e00`: the number is the time at which it was made. */
const isNamedByMold = (cluster: string, name: string): boolean => name.startsWith(`${cluster.toLowerCase()}-`) && /^(control|master|node)-[0-9a-f]{8,}$/.test(name.slice(cluster.length + 1));

/** Pure: those of the cluster, the newest last. */
export function eventsSeen(events: readonly Event[], { ids, cluster, isMolds = false, from, limit }: Asked): ClusterEvent[] {
  const isMachine = (name: string): boolean => (isMolds ? isNamedByMold(cluster, name) : parseMachineName(cluster, name) !== undefined);
  const isOurs = ({ resourceid = "", resourcename = "", resourcetype }: Event): boolean =>
    ids.has(resourceid) || (resourcetype === "VirtualMachine" && isMachine(resourcename));
  const seen = events.flatMap((event): ClusterEvent[] => {
    const time = timeOf(event.created);
    return time === undefined || time < from || !isOurs(event) ? [] : [eventSeen(event, time)];
  });
  return seen.map((event, at) => ({ event, at })).sort((a, b) => (a.event.time === b.event.time ? a.at - b.at : a.event.time < b.event.time ? -1 : 1)).map(({ event }) => event).slice(-limit);
}

const levels = ["INFO", "WARN", "ERROR"] as const;

function eventSeen(event: Event, time: number): ClusterEvent {
  return withoutAbsent<ClusterEvent>({
    id: event.id ?? "",
    time: iso(time),
    level: levels.find((level) => level === event.level) ?? "INFO",
    type: event.type ?? "",
    state: event.state ?? "",
    description: event.description ?? "",
    resourceType: event.resourcetype,
    resourceId: event.resourceid,
    resourceName: event.resourcename,
    user: event.username,
    parentId: event.parentid,
  });
}
