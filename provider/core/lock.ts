/**
 * One at a time. `createTags` fails when the key is there and `deleteTags` with a value deletes only that value, so a tag is a
 * compare-and-set (16 concurrent createTags of one key: exactly one won). The lock says who holds it and when it ends by itself.
 */
import { setMaxListeners } from "node:events";
import { LockError, LockPlaceGone, messageOf } from "./errors";
import { tagKeys, tagParameters, type TaggedKind } from "./ownership";
import { isMoldFailure, type CallContext, type World } from "./ports";

/** The first owned thing that can carry tags: the network if it is ours, else the public address. */
export interface Anchor {
  readonly kind: Extract<TaggedKind, "Network" | "PublicIpAddress">;
  readonly id: string;
  /** The lock's tag. Default: `ablestack-lock`. A network of the user's has one for each cluster on it. */
  readonly key?: string;
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

/** Between deleting the old tag and making the new one a renewed lock is away for a moment. */
const renewalGapMs = 3000;
const retryMs = 2000;
/** Giving a lock back is worth some seconds: the next run would wait for a minute and a half. */
const releaseAttempts = 3;

/** Whether asking again may help: Mold was out of reach, or did not say what came of it. */
const isPassing = (error: unknown): boolean => isMoldFailure(error) && (error.kind === "unreachable" || error.kind === "server" || error.kind === "timeout");
const isRefused = (error: unknown): boolean => isMoldFailure(error) && error.kind === "refused";

/** A lock that this run holds. */
export class Lease {
  users = 1;
  private renewal: Promise<void> | undefined;
  private lost: LockError | undefined;

  constructor(
    private readonly tag: LockTag,
    private value: string,
    private expires: number,
  ) {}

  /** Called before every step and while waiting: throws when the lock is no longer ours, renews it in good time. */
  async keep(): Promise<void> {
    if (this.lost) throw this.lost;
    if (this.tag.world.clock.now() < this.expires - (lockSeconds * 1000) / 2) return;
    this.renewal ??= this.renew().finally(() => (this.renewal = undefined));
    await this.renewal;
  }

  /** Nothing new begins until it is certain that the lock is ours; it is tried for as long as the old one holds. */
  private async renew(): Promise<void> {
    const { tag } = this;
    const { clock, signal } = tag.world;
    for (let again = false; ; again = true) {
      const expires = clock.now() + lockSeconds * 1000;
      try {
        this.value = await this.replace(tag.valueUntil(expires), again);
        this.expires = expires;
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (clock.now() + retryMs >= this.expires) {
          this.lost = new LockError(`this run could not renew its lock in time, so that another run may have taken over. Nothing more is done here; run again. ${messageOf(error)}`, { resource: tag.resource, cause: error });
          throw this.lost;
        }
        await clock.sleep(retryMs, signal);
      }
    }
  }

  /** @param again the last attempt ended unknown: what is there tells how far it came */
  private async replace(value: string, again: boolean): Promise<string> {
    const { tag } = this;
    const there = again ? await tag.read() : this.value;
    if (there !== undefined && parseLock(there)?.run !== tag.world.run) throw this.lose(there);
    if (there === undefined && tag.world.clock.now() >= this.expires) throw this.lose(undefined);
    try {
      if (there !== undefined) await tag.remove(there);
      await tag.create(value);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const now = await tag.read();
      if (now === value) return value;
      if (now !== undefined && parseLock(now)?.run !== tag.world.run) throw this.lose(now, error);
      // Once it had ended another run may have come and gone, and what was observed before that counts no more.
      if (now === undefined && tag.world.clock.now() >= this.expires) throw this.lose(undefined, error);
      // Nobody took it. A job of our own whose answer was lost may have been in the way.
      if (again) throw error;
      return this.replace(value, true);
    }
    return value;
  }

  private lose(value: string | undefined, cause?: unknown): LockError {
    const to = value === undefined ? "which ended before it was renewed; another run may have been at work since. Nothing more is done here; run again." : `to run ${parseLock(value)?.run ?? value}. Nothing more is done here; look at that run.`;
    this.lost = new LockError(`this run lost its lock${value === undefined ? "," : ""} ${to}`, { resource: this.tag.resource, cause });
    return this.lost;
  }

  async release(): Promise<void> {
    await this.renewal?.catch(() => undefined);
    const { tag } = this;
    for (let attempt = 1; ; attempt++) {
      try {
        return await tag.remove(this.value);
      } catch (error) {
        // Whatever goes wrong here, the lock ends by itself; the work that it guarded is done.
        tag.world.log.debug(`the lock could not be given back: ${messageOf(error)}`);
        const mayHelp = attempt < releaseAttempts && (isPassing(error) || isRefused(error)) && !this.lost;
        // Not ours any longer, or gone all the same: the answer was lost.
        if (!mayHelp || (await tag.read().catch(() => this.value)) !== this.value) return;
        await tag.world.clock.sleep(retryMs);
      }
    }
  }
}

/** A world of which nothing more is asked once its lock is lost: what is under way ends at its next call to Mold, or its next wait. */
export class LockedWorld {
  private readonly lost = new AbortController();
  readonly world: World;

  constructor(world: World) {
    const signal = AbortSignal.any([world.signal, this.lost.signal]);
    // Every wait of an operation listens to it.
    setMaxListeners(0, signal);
    this.world = { ...world, signal };
  }

  /** Renews the lock; with it the world ends. */
  async keep(lease: Lease): Promise<void> {
    try {
      await lease.keep();
    } catch (error) {
      this.lost.abort(error);
      throw error;
    }
  }
}

const held = new Map<string, Promise<Lease>>();
const releasing = new Map<string, Promise<void>>();

/**
 * Runs `work` with the lock on `anchor`. Resources of the same run share it; another live run is waited for until its lock would
 * end and then named.
 */
export async function withLock<T>(world: World, anchor: Anchor, resource: string, work: (lease: Lease) => Promise<T>): Promise<T> {
  const key = `${world.run}/${anchor.id}/${anchor.key ?? ""}`;
  const lease = await shareOrTake(key, new LockTag(world, anchor, resource));
  try {
    return await work(lease);
  } finally {
    lease.users -= 1;
    // Forgotten first: whoever comes from now on has to take it anew, and not share one that is being given back.
    if (lease.users === 0) {
      held.delete(key);
      const given = lease.release().finally(() => releasing.delete(key));
      releasing.set(key, given);
      await given;
    }
  }
}

async function shareOrTake(key: string, tag: LockTag): Promise<Lease> {
  for (;;) {
    const shared = held.get(key);
    if (!shared) break;
    const lease = await shared;
    // While it was waited for, its other users may have ended.
    if (held.get(key) !== shared) continue;
    lease.users += 1;
    return lease;
  }
  const taking = (async () => {
    await releasing.get(key);
    return acquire(tag);
  })();
  held.set(key, taking);
  try {
    return await taking;
  } catch (error) {
    held.delete(key);
    throw error;
  }
}

async function acquire(tag: LockTag): Promise<Lease> {
  const { world, resource } = tag;
  let waitedFor: Held | undefined;
  /** The lock as it was found, and since when it has been the same. */
  let same: { readonly value: string; readonly since: number } | undefined;
  for (let refusedWithout = 0; ; ) {
    const expires = world.clock.now() + lockSeconds * 1000;
    const value = tag.valueUntil(expires);
    const refusal = await tryToTake(tag, value);
    if (refusal === undefined) return new Lease(tag, value, expires);
    let found = await tag.read();
    if (found === undefined) {
      // Given back in between, or the refusal was about something else: another attempt or two tell which.
      if (++refusedWithout > 2) throw goneOr(refusal, resource);
      continue;
    }
    while (found !== undefined) {
      const other = parseLock(found);
      const now = world.clock.now();
      if (same?.value !== found) same = { value: found, since: now };
      // One that nobody has renewed for longer than any holds is over, whatever its holder's clock said.
      const ends = Math.min(other?.expires ?? 0, same.since + lockSeconds * 1000);
      if (!other || other.run === world.run || world.runEnded(other.run) || ends + skewSeconds * 1000 < now) {
        world.log.info(`taking over the lock that run ${other?.run ?? found} left behind`);
        await tag.remove(found).catch(() => undefined);
        break;
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
      await world.clock.sleep(Math.min(5000, ends + skewSeconds * 1000 - now + 1000), world.signal);
      found = await tag.read();
      if (found !== undefined) continue;
      // Given back, or just being renewed.
      await world.clock.sleep(renewalGapMs, world.signal);
      found = await tag.read();
    }
  }
}

/** What carries the lock may have gone while it was waited for. */
function goneOr(refusal: unknown, resource: string): unknown {
  if (!isMoldFailure(refusal) || refusal.code !== 431) return refusal;
  return new LockPlaceGone("what its lock is kept on is gone from Mold, deleted by another run or by hand. Nothing is done here. Look at what is left of it, refresh, then run again.", { resource, cause: refusal });
}

/** Undefined: it is ours. */
async function tryToTake(tag: LockTag, value: string): Promise<unknown> {
  try {
    await tag.create(value);
    return undefined;
  } catch (error) {
    if (isRefused(error)) return error;
    // The answer may have been lost on its way.
    if (isPassing(error) && (await tag.read().catch(() => undefined)) === value) return undefined;
    throw error;
  }
}

/** The tag that is the lock. */
class LockTag {
  constructor(
    readonly world: World,
    private readonly anchor: Anchor,
    readonly resource: string,
  ) {}

  private get key(): string {
    return this.anchor.key ?? tagKeys.lock;
  }

  private get context(): CallContext {
    return { resource: this.resource, signal: this.world.signal };
  }

  valueUntil(expires: number): string {
    return formatLock(this.world.run, expires);
  }

  async read(): Promise<string | undefined> {
    const { kind, id } = this.anchor;
    const tags = await this.world.mold.list("listTags", { resourcetype: kind, resourceid: id, key: this.key }, this.context);
    return tags.find(({ key }) => key === this.key)?.value;
  }

  async create(value: string): Promise<void> {
    const { kind, id } = this.anchor;
    await this.world.mold.run("createTags", { resourcetype: kind, resourceids: [id], tags: tagParameters({ [this.key]: value }) }, this.context);
  }

  /** Also when the run is being ended: a lock that is given back need not be waited for. */
  async remove(value: string): Promise<void> {
    const { kind, id } = this.anchor;
    await this.world.mold.run("deleteTags", { resourcetype: kind, resourceids: [id], tags: tagParameters({ [this.key]: value }) }, { resource: this.resource });
  }
}
