import { MoldError } from "../../provider/mold/errors";

/** The MoldError that some work ends in. */
export async function moldErrorOf(work: Promise<unknown>): Promise<MoldError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof MoldError) return error;
  throw error instanceof Error ? error : new Error(`no MoldError: ${String(error)}`);
}
