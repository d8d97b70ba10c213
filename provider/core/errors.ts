/** What a user reads when something can't be done: which resource and property, what was found, what to do. */
export class ClusterError extends Error {
  override readonly name: string = "ClusterError";
  constructor(
    message: string,
    readonly details: { readonly resource?: string; readonly property?: string; readonly cause?: unknown } = {},
  ) {
    super(details.resource ? `${details.resource}: ${message}` : message, { cause: details.cause });
  }
}

/** A step found that what its plan went by is no longer so: planned anew, it may be possible, or not be needed. */
export class PlanOutdated extends ClusterError {
  override readonly name = "PlanOutdated";
}

/** Somebody else is at work on the same cluster, or this run is no longer the one at work. */
export class LockError extends ClusterError {
  override readonly name = "LockError";
}

/** What a lock is kept on is gone from Mold: with it went what the lock was for, or part of it. */
export class LockPlaceGone extends ClusterError {
  override readonly name = "LockPlaceGone";
}

/** Another program has taken the cluster over, and declares it since. */
export class TakenOver extends ClusterError {
  override readonly name = "TakenOver";
}

/** The engine is gone or the user gave up: nothing new was begun. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
