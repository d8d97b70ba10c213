/**
 * Looking at what is there, for all resources of one run together: the same list asked twice in a moment is asked once. Fifty
 * balancers of one address cost one list, not fifty. Only for looking: whoever is about to change something asks for himself.
 */
import type { Answer, Clock, ListCommandName, MoldPort, Params } from "./ports";

const momentMs = 5000;

interface Shared {
  readonly asked: number;
  readonly items: Promise<unknown[]>;
}

class SharedLists {
  private readonly answers = new Map<string, Shared>();

  constructor(
    private readonly mold: MoldPort,
    private readonly clock: Clock,
  ) {}

  list<C extends ListCommandName>(command: C, params: Params<C>): Promise<Answer<C>[]> {
    const key = JSON.stringify([command, Object.entries(params).filter(([, value]) => value !== undefined).sort()]);
    const known = this.answers.get(key);
    if (known && this.clock.now() - known.asked < momentMs) return known.items as Promise<Answer<C>[]>;
    const items = this.mold.list(command, params);
    this.answers.set(key, { asked: this.clock.now(), items });
    items.catch(() => this.answers.delete(key));
    return items;
  }

  forget(): void {
    this.answers.clear();
  }
}

const shared = new WeakMap<MoldPort, SharedLists>();

/** The same Mold, with lists shared. Every change made through it or beside it by `forgetLists` makes it look again. */
export function sharedLists({ mold, clock }: { mold: MoldPort; clock: Clock }): MoldPort {
  const lists = shared.get(mold) ?? new SharedLists(mold, clock);
  shared.set(mold, lists);
  return {
    call: (command, params, context) => mold.call(command, params, context),
    start: (command, params, context) => mold.start(command, params, context),
    run: (command, params, context) => mold.run(command, params, context),
    list: (command, params) => lists.list(command, params),
  };
}

export function forgetLists(mold: MoldPort): void {
  shared.get(mold)?.forget();
}
