/**
 * Where Pulumi's dynamic providers come in: what the state carries of them (`sdk/pulumi/provider.ts`) calls `handle` of whatever
 * release is installed. It translates between the engine and the handlers, and decides nothing.
 */
import { handlerOf } from "./kinds";
import { InFlight } from "../in-flight";
import { serversOfThisProcess, watchEngine } from "./engine";
import { toFailure } from "./failure";
import { progressLog } from "./progress";
import { Provider, type Configuration, type Method, type Results } from "./provider";
import { createSession } from "../../handlers/session";

/** How long the process outlives its engine, for the steps in hand to end and the lock to be given back. Milliseconds. */
const outliveMs = 30_000;

let provider: Provider | undefined;
const inFlight = new InFlight();

/** One for the process: an `up` has one provider process, and all its resources share connections and the lock. */
function providerOf(configuration: Configuration | undefined): Provider {
  if (provider) return provider;
  // With the engine gone nobody reads what is printed. Each line would be an uncaught error, which cmd/dynamic-provider prints, which
  // is another one: the process would do nothing else any longer (tried).
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const print = (line: string): void => console.log(line);
  const log = progressLog(process.env, print);
  const signal = watchEngine(process.argv[2], serversOfThisProcess(), () => {
    const end = (): void => process.exit(1);
    setTimeout(end, outliveMs);
    void inFlight.none().then(end);
  });
  const session = createSession({ config: (key) => configuration?.get(key), env: process.env, log, signal });
  provider = new Provider(session, print);
  return provider;
}

/**
 * One method of one kind of resource, with the arguments and the result of `pulumi.dynamic.ResourceProvider`.
 * @param kind `Cluster`, `NetworkRule` …
 * @throws what the engine shows or records: see `failure.ts`
 */
export async function handle<M extends Method>(kind: string, method: M, ...args: readonly unknown[]): Promise<Results[M]>;
export async function handle(kind: string, method: "configure", request: { readonly config: Configuration }): Promise<void>;
export async function handle(kind: string, method: Method | "configure", ...args: readonly unknown[]): Promise<unknown> {
  if (method === "configure") {
    providerOf((args[0] as { config: Configuration }).config);
    return undefined;
  }
  return inFlight.during(async () => {
    try {
      return await providerOf(undefined)[method](handlerOf(kind), ...(args as [never, never, never]));
    } catch (error) {
      throw toFailure(error, kind, method, args.at(-1));
    }
  });
}
