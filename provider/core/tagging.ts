/** Puts tags on things. Many machines that get the same tags at about the same time take one job, not one each. */
import { tagParameters, type TaggedKind, type Tags } from "./ownership";
import type { CallContext, World } from "./ports";

/** How long a first request waits for others like it. */
const gatherMs = 250;

interface Batch {
  readonly ids: string[];
  readonly done: Promise<void>;
}

export class Tagger {
  private readonly batches = new Map<string, Batch>();

  constructor(
    private readonly world: World,
    /** Whose things they are, for errors. */
    private readonly context: CallContext,
  ) {}

  /** None of the things may carry one of the keys yet: Mold fails the whole job then. */
  async add(kind: TaggedKind, id: string, tags: Tags): Promise<void> {
    const key = JSON.stringify([kind, Object.entries(tags).sort()]);
    const waiting = this.batches.get(key);
    if (waiting) {
      waiting.ids.push(id);
      return waiting.done;
    }
    const ids = [id];
    const done = this.world.clock.sleep(gatherMs, this.world.signal).then(async () => {
      this.batches.delete(key);
      await this.world.mold.run("createTags", { resourcetype: kind, resourceids: ids, tags: tagParameters(tags) }, this.context);
    });
    this.batches.set(key, { ids, done });
    return done;
  }
}
