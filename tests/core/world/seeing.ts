/** A run that is shown other lists than there are: one that lacks something for a moment, say. */
import type { MoldPort, World } from "../../../provider/core/ports";
import type { Session } from "../../../provider/handlers/handler";

type Item = { readonly name?: string };

/** @param see what of a list is shown */
export function seeing(session: Session, see: (command: string, params: object, items: readonly Item[]) => readonly Item[]): Session {
  const worlds = new Map<string, World>();
  const world = (connection: string | undefined, declared: Parameters<Session["world"]>[1]): World => {
    const known = worlds.get(declared.owner);
    if (known) return known;
    const real = session.world(connection, declared);
    const mold: MoldPort = {
      call: (...given) => real.mold.call(...given),
      start: (...given) => real.mold.start(...given),
      run: (...given) => real.mold.run(...given),
      list: async (command, params, context) => see(command, params, (await real.mold.list(command, params, context)) as Item[]) as never,
    };
    const made: World = { ...real, mold };
    worlds.set(declared.owner, made);
    return made;
  };
  return { ...session, world };
}
