/**
 * One at a time. `createTags` fails when the key is there and `deleteTags` with a value deletes only that value, so a tag is a
 * compare-and-set (16 concurrent createTags of one key: exactly one won). The lock says who holds it and when it ends by itself.
 */
import { LockError } from "./errors";
import { tagKeys, tagParameters, type TaggedKind } from "./ownership";
import { isMoldFailure, type World } from "./ports";

/** The first owned thing that can carry tags: the network if it is ours, else the public address. */
export interface Anchor {
  readonly kind: Extract<TaggedKind, "Network" | "PublicIpAddress">;
  readonly id: string;
}

/** How long a lock holds without being renewed. A dead run on another machine blocks the next for at most this. */
export const lockSeconds = 90;
/** Clocks of two runners may differ by this much. */
const skewSeconds = 15;

export interface Held {
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export const formatLock = (run: string, expires: number): string => `${run}:${Math.ceil(expires / 1000)}`;

export function parseLock(value: string): Held | undefined {
  const at = value.lastIndexOf(":");
  const seconds = Number(value.slice(at + 1));
  return at > 0 && Number.isFinite(seconds) ? { run: value.slice(0, at), expires: seconds * 1000 } : undefined;
}

/** A lock that this run holds. */
export class Lease {
  private users = 1;
  private renewal: Promise<void> | undefined;
  private lost: LockError | undefined;

  constructor(
    private readonly world: World,
    private readonly anchor: Anchor,
    private value: string,
    private expires: number,
  ) {}

  share(): this {
    this.users += 1;
    return this;
  }

  /** Called before every step and while waiting: throws when the lock is no longer ours, renews it in good time. */
  async keep(): Promise<void> {
    if (this.lost) throw this.lost;
    if (this.world.clock.now() < this.expires - (lockSeconds * 1000) / 2) return;
    this.renewal ??= this.renew().finally(() => (this.renewal = undefined));
    await this.renewal;
  }

  private async renew(): Promise<void> {
    const expires = this.world.clock.now() + lockSeconds * 1000;
    const value = formatLock(this.world.run, expires);
    try {
      await deleteLock(this.world, this.anchor, this.value);
      await createLock(this.world, this.anchor, value);
    } catch (error) {
      if (!isMoldFailure(error) || error.kind === "unreachable" || error.kind === "server") throw error;
      this.lost = new LockError("this run lost its lock: another run took over. Nothing more is done here; look at the other run.", { cause: error });
      throw this.lost;
    }
    this.value = value;
    this.expires = expires;
  }

  /** True when nobody in this run uses the lock any longer. */
  async release(): Promise<boolean> {
    this.users -= 1;
    if (this.users > 0) return false;
    await this.renewal?.catch(() => undefined);
    // Whatever goes wrong here, the lock ends by itself; the work that it guarded is done.
    await deleteLock(this.world, this.anchor, this.value).catch((error: Error) => this.world.log.debug(`the lock could not be given back: ${error.message}`));
    return true;
  }
}

const held = new Map<string, Promise<Lease>>();

/**
 * Runs `work` with the lock on `anchor`. Resources of the same run share it; another live run is waited for until its lock would
 * end and then named.
 */
export async function withLock<T>(world: World, anchor: Anchor, resource: string, work: (lease: Lease) => Promise<T>): Promise<T> {
  const key = `${world.run}/${anchor.id}`;
  const shared = held.get(key);
  const lease = shared ? (await shared).share() : await take(key, world, anchor, resource);
  try {
    return await work(lease);
  } finally {
    if (await lease.release()) held.delete(key);
  }
}

async function take(key: string, world: World, anchor: Anchor, resource: string): Promise<Lease> {
  const taking = acquire(world, anchor, resource);
  held.set(key, taking);
  try {
    return await taking;
  } catch (error) {
    held.delete(key);
    throw error;
  }
}

async function acquire(world: World, anchor: Anchor, resource: string): Promise<Lease> {
  let waitedFor: Held | undefined;
  for (;;) {
    const expires = world.clock.now() + lockSeconds * 1000;
    const value = formatLock(world.run, expires);
    try {
      await createLock(world, anchor, value);
      return new Lease(world, anchor, value, expires);
    } catch (error) {
      if (!isMoldFailure(error) || error.kind !== "refused") throw error;
      const found = await readLock(world, anchor);
      if (found === undefined) {
        // Given back in between, or the refusal was about something else: the second attempt tells which.
        if (waitedFor) throw error;
        waitedFor = { run: "", expires: 0 };
        continue;
      }
      const other = parseLock(found);
      const now = world.clock.now();
      if (!other || other.run === world.run || world.runEnded(other.run) || other.expires + skewSeconds * 1000 < now) {
        world.log.info(`taking over the lock that run ${other?.run ?? found} left behind`);
        await deleteLock(world, anchor, found).catch(() => undefined);
        continue;
      }
      if (waitedFor && waitedFor.run === other.run && waitedFor.expires !== other.expires) {
        throw new LockError(
          `run ${other.run} is at work on it (its lock was renewed until ${new Date(other.expires).toISOString()}). ` +
            "Wait for that run to end, or stop it; then run again.",
          { resource },
        );
      }
      if (!waitedFor || waitedFor.run !== other.run) {
        world.log.info(`${resource}: waiting for run ${other.run}; its lock ends at ${new Date(other.expires).toISOString()} unless it is renewed`);
      }
      waitedFor = other;
      await world.clock.sleep(Math.min(5000, other.expires + skewSeconds * 1000 - now + 1000), world.signal);
    }
  }
}

async function readLock(world: World, anchor: Anchor): Promise<string | undefined> {
  const tags = await world.mold.list("listTags", { resourcetype: anchor.kind, resourceid: anchor.id, key: tagKeys.lock });
  return tags.find(({ key }) => key === tagKeys.lock)?.value;
}

async function createLock(world: World, anchor: Anchor, value: string): Promise<void> {
  await world.mold.run("createTags", { resourcetype: anchor.kind, resourceids: [anchor.id], tags: tagParameters({ [tagKeys.lock]: value }) });
}

async function deleteLock(world: World, anchor: Anchor, value: string): Promise<void> {
  await world.mold.run("deleteTags", { resourcetype: anchor.kind, resourceids: [anchor.id], tags: tagParameters({ [tagKeys.lock]: value }) });
}
