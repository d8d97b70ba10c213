/**
 * Conditions and profiles of autoscaling take neither name nor tag. What is about to be made, or to be let go of, is written on the
 * balancer rule first; what is found unused afterwards and was written there is ours, and nothing else is.
 */
import { intentKey, intentsOn, intentText, isIntentOf, orAlready, removeIntent, type IntentPlace } from "../claim";
import { tagParameters, type Tags } from "../ownership";
import type { World } from "../ports";
import { unusedParts, type Nameless } from "./autoscale-seen";
import { identityTags, type RuleOwner } from "./shared";

export interface AutoscaleJob {
  readonly world: World;
  readonly owner: RuleOwner;
  readonly ruleId: string;
  /** `LoadBalancer ingress`, for messages. */
  readonly resource: string;
}

export class NamelessNotes {
  private constructor(
    private readonly world: World,
    private readonly place: IntentPlace,
    private readonly tags: Tags,
    private notes: Tags,
  ) {}

  static async read({ world, owner, ruleId }: AutoscaleJob): Promise<NamelessNotes> {
    const place = { id: ruleId, carrier: "LoadBalancer" } as const;
    return new NamelessNotes(world, place, identityTags(world, owner), await intentsOn(world, place));
  }

  get isEmpty(): boolean {
    return Object.keys(this.notes).length === 0;
  }

  /** Writes it down. Those that do the same already and belong to nobody here are told apart by their ids. */
  async write(tuple: string, unused: readonly Nameless[]): Promise<void> {
    const key = intentKey(tuple);
    if (this.isNoted(tuple)) return;
    if (this.notes[key] !== undefined) await removeIntent(this.world, this.place, key);
    const others = unused.filter((each) => each.tuple === tuple).map(({ id }) => id.slice(0, 8));
    const value = `${intentText(this.tags, tuple)}@${new Date(this.world.clock.now()).toISOString()}${others.length > 0 ? ` not ${others.slice(0, 3).join(",")}` : ""}`;
    await orAlready(
      () => this.world.mold.run("createTags", { resourcetype: "LoadBalancer", resourceids: [this.place.id], tags: tagParameters({ [key]: value }) }),
      async () => isIntentOf((await intentsOn(this.world, this.place))[key] ?? "", this.tags, tuple),
    );
    this.notes = { ...this.notes, [key]: value };
  }

  isNoted(tuple: string): boolean {
    return isIntentOf(this.notes[intentKey(tuple)] ?? "", this.tags, tuple);
  }

  /** The id of one that is made now, or of one that an interrupted run had made: that is gone on with. */
  async make(tuple: string, kind: "conditions" | "profiles", create: () => Promise<{ readonly id?: string; done(): Promise<{ id?: string }> }>): Promise<string> {
    const unused = (await unusedParts(this.world))[kind];
    const [ours] = this.ours(unused.filter((each) => each.tuple === tuple));
    if (ours) return ours.id;
    await this.write(tuple, unused);
    const begun = await create();
    const made = await begun.done();
    return begun.id ?? made.id!;
  }

  /** Which of the unused ones are ours. */
  ours(unused: readonly Nameless[]): Nameless[] {
    return unused.filter(({ id, tuple }) => this.isNoted(tuple) && !(this.notes[intentKey(tuple)]!.split(" not ")[1] ?? "").split(",").includes(id.slice(0, 8)));
  }

  async crossOff(): Promise<void> {
    for (const key of Object.keys(this.notes)) await removeIntent(this.world, this.place, key);
    this.notes = {};
  }
}
