/**
 * Changes what a child is made with, before it is made. What it leaves out of its answer stays.
 * @param name of the child, to tell several of a kind apart
 */
export type Transform<Args, Opts> = (args: Args, opts: Opts, name: string) => { readonly args?: Args; readonly opts?: Opts } | void;

/** A child's arguments and options as its hook, if there is one, will have them. */
export function transformed<Args, Opts>(transform: Transform<Args, Opts> | undefined, args: Args, opts: Opts, name: string): { readonly args: Args; readonly opts: Opts } {
  const changed = transform?.(args, opts, name);
  return { args: changed?.args ?? args, opts: changed?.opts ?? opts };
}
