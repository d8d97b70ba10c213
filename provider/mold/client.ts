/** The Mold API as the core asks for it (`MoldPort`), over one connection. */
import type { Answer, AsyncCommandName, CallContext, CommandName, ListCommandName, Log, MoldPort, Params, StartedJob, SyncCommandName } from "../core/ports";
import { isObject, itemsOf, type Json, unsuccessful, unwrap } from "./answers";
import { Caller, type CallerOptions, type CallObserver } from "./caller";
import { checkConnection, type ConnectionSettings } from "./connection";
import { DigestChoice } from "./digest";
import { refusal } from "./errors";
import { httpTransport } from "./http";
import { JobPoll } from "./jobs";
import { Pages } from "./paging";
import { CatalogueError, encodeParameters, isAsync, takes, withScope } from "./parameters";
import { isLoopback } from "./proxy";
import { secretsOf } from "./redaction";
import type { Parameter } from "./signing";
import type { Transport } from "./transport";

const defaultOutageSeconds = 60;

export interface MoldClientOptions extends CallObserver, Pick<CallerOptions, "clock"> {
  readonly log: Pick<Log, "debug" | "warn">;
  /** How calls travel. Default: over HTTP(S) with the connection's proxy and certificates. */
  readonly transport?: Transport;
  /** From 0 up to 1, for the pauses between repetitions. Default: `Math.random`. */
  readonly random?: () => number;
}

export interface MoldClient extends MoldPort {
  /** Gives connections back; calls that are made or waited for after that reject. Jobs go on in Mold. */
  close(): void;
}

type Given = Readonly<Record<string, unknown>>;

class Client implements MoldClient {
  private readonly caller: Caller;
  private readonly digest: DigestChoice;
  private readonly jobs: JobPoll;
  private readonly pages = new Pages();

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly options: MoldClientOptions,
    transport: Transport,
    private readonly closeTransport: () => void,
  ) {
    this.caller = new Caller(settings, { ...options, transport, random: options.random ?? Math.random });
    this.digest = new DigestChoice(settings, (digest) => this.caller.send("listCapabilities", [], digest));
    const outageMs = (settings.outageSeconds ?? defaultOutageSeconds) * 1000;
    this.jobs = new JobPoll(
      options.clock,
      options.log,
      {
        query: (jobId) => this.send("queryAsyncJobResult", { jobid: jobId }),
        list: async () => itemsOf(await this.send("listAsyncJobs", { page: 1, pagesize: this.pages.pageSize })),
      },
      outageMs,
    );
  }

  async call<C extends SyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>> {
    if (isAsync(command)) throw new CatalogueError(`${command} answers with a job: use start or run`);
    const inner = await this.sendScoped(command, params, context);
    if (command.startsWith("list")) return onlyItem(command, inner) as Answer<C>;
    return settled(command, inner, context) as Answer<C>;
  }

  async list<C extends ListCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>[]> {
    if (!command.startsWith("list")) throw new CatalogueError(`${command} is not a list: use call`);
    const given: Given = params;
    const fetch = async (paging: Given): Promise<ReturnType<typeof itemsOf>> => itemsOf(await this.sendScoped(command, { ...given, ...paging }, context));
    // Whoever asks for a certain page gets that page; two lists in the catalogue have no pages.
    const whole = given.page !== undefined || given.pagesize !== undefined || !takes(command, "page") || !takes(command, "pagesize");
    const items = whole ? (await fetch({})).items : await this.pages.all((page, pagesize) => fetch({ page, pagesize }));
    return items as Answer<C>[];
  }

  async start<C extends AsyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<StartedJob<C>> {
    if (!isAsync(command)) throw new CatalogueError(`${command} answers at once: use call`);
    const scoped = withScope(command, params, this.settings);
    const inner = await this.send(command, scoped, context);
    const beganAt = this.options.clock.now();
    const id = typeof inner.id === "string" ? inner.id : undefined;
    // A server of another release may do at once what this one does in a job.
    if (inner.jobid === undefined) {
      const answer = settled(command, inner, context);
      return { id: id ?? (typeof answer.id === "string" ? answer.id : undefined), jobId: "", done: () => Promise.resolve(answer as Answer<C>) };
    }
    const jobId = String(inner.jobid);
    const timeoutMs = context?.timeoutMs ?? this.settings.jobTimeoutSeconds * 1000;
    const secrets = [this.settings.apiKey, this.settings.secretKey, ...secretsOf(encodeParameters(command, scoped))];
    let ended: Promise<Json> | undefined;
    return { id, jobId, done: () => (ended ??= this.jobs.watch({ command, jobId, beganAt, timeoutMs, context, secrets })) as Promise<Answer<C>> };
  }

  async run<C extends AsyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>> {
    return (await this.start(command, params, context)).done();
  }

  close(): void {
    this.caller.close();
    this.jobs.close(new Error("the connection to Mold has been closed"));
    this.closeTransport();
  }

  private sendScoped(command: CommandName, params: Given, context?: CallContext): Promise<Json> {
    return this.send(command, withScope(command, params, this.settings), context);
  }

  private async send(command: CommandName, params: Given, context?: CallContext): Promise<Json> {
    const parameters: readonly Parameter[] = encodeParameters(command, params);
    return this.caller.send(command, parameters, await this.digest.get(), context);
  }
}

/** The object of an answer that came at once, unless it says that it did not succeed. */
function settled(command: string, inner: Json, context?: CallContext): Json {
  const failed = unsuccessful(inner);
  if (failed !== undefined) throw refusal(command, 530, failed, { context });
  return unwrap(inner);
}

/** `call` of a list is for those with one item (listCapabilities). */
function onlyItem(command: string, inner: Json): Json {
  const [item, ...more] = itemsOf(inner).items;
  if (item !== undefined && more.length === 0 && isObject(item)) return item;
  throw new CatalogueError(`${command} answered with ${item === undefined ? "nothing" : `${more.length + 1} items`}, where one is expected: use list`);
}

/**
 * A client of one Mold. Making one sends nothing and loads no HTTP library; the first call does.
 *
 * @throws ConnectionError when the settings can't work
 * @example
 * const mold = createMoldClient(connectionFrom(config, process.env), { clock: systemClock, log });
 * const zones = await mold.list("listZones", {});
 * const job = await mold.start("deployVirtualMachine", { zoneid, serviceofferingid, templateid });
 * record(job.id); // known before the machine is there
 * const machine = await job.done();
 */
export function createMoldClient(settings: ConnectionSettings, options: MoldClientOptions): MoldClient {
  checkConnection(settings);
  const where = settings.name === undefined ? "the connection to Mold" : `the connection "${settings.name}"`;
  const url = new URL(settings.apiUrl);
  if (settings.insecure) options.log.warn(`${where} accepts any certificate (insecure): whoever is in between can read and change everything`);
  else if (url.protocol === "http:" && !isLoopback(url)) options.log.warn(`${where} is not encrypted (${url.origin}): user data with keys in it can be read on the way`);
  if (options.transport) return new Client(settings, options, options.transport, () => undefined);
  const http = httpTransport(settings);
  return new Client(settings, options, http.send, () => http.close());
}
