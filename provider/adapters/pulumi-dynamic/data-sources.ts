/** Data sources for a Pulumi program: they run in the program's own process, which no engine stands before. */
import type { DataSourceName } from "../../../schema/data-source";
import type { DataArguments, DataResults } from "../../../schema/generated/types";
import type { Session } from "../../handlers/handler";
import { readers } from "../../handlers/data-sources";
import { createSession } from "../../handlers/session";
import { isWorded } from "./failure";
import { progressLog } from "./progress";

export interface Asking {
  /** The value of a full configuration key of the stack (`ablestack:apiUrl`), secrets unwrapped. */
  readonly config: (key: string) => string | undefined;
  /** What the program is to throw for an error that says all there is to say. */
  readonly failure: (message: string) => Error;
}

let session: Session | undefined;

/** One for the process: all data sources of a program share a connection. */
const sessionOf = ({ config }: Asking): Session =>
  (session ??= createSession({ config, env: process.env, log: { ...progressLog(process.env), info: () => undefined }, signal: new AbortController().signal }));

/** @throws what `failure` makes of an error in words */
export async function askDataSource<Name extends DataSourceName>(name: Name, given: DataArguments[Name], asking: Asking): Promise<DataResults[Name]> {
  try {
    return (await readers[name](sessionOf(asking), given as never)) as DataResults[Name];
  } catch (error) {
    throw isWorded(error) ? asking.failure(error.message) : error;
  }
}
