/** From a request to an answer: who calls, which command, may they, and what comes of it. */
import { errorBody, xml } from "./answers";
import { Call, type Caller } from "./call";
import { isChanging, type CallLog } from "./calls";
import { catalogued } from "./catalogue";
import type { Cloud } from "./cloud";
import type { AsyncCommand, Command, Commands } from "./command";
import { ApiError, ConnectionDropped } from "./errors";
import type { FaultOrder, FaultSubject } from "./faults";
import { Jobs } from "./jobs";
import type { JobRow } from "./model";
import { expiryTime, sameSignature, signatureOf } from "./signature";

/** An HTTP request, as far as the API looks at it. */
export interface ApiRequest {
  readonly method: string;
  /** Path with query, or the query alone. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Parameters that any command may carry; they are none of the catalogue's. */
const envelope = new Set(["command", "response", "apikey", "signature", "signatureversion", "expires", "sessionkey"]);
const NO_CREDENTIALS = "unable to verify user credentials and/or request signature";

/** What an ordered `processKilled` does when its moment comes. */
export type Killer = (order: FaultOrder) => void;

export class Dispatcher {
  readonly jobs: Jobs;

  constructor(
    private readonly cloud: Cloud,
    private readonly commands: Commands,
    private readonly log: CallLog,
    private readonly kill: Killer,
  ) {
    this.jobs = new Jobs(cloud, (job) => this.recall(job));
  }

  /** @throws ConnectionDropped when an ordered fault drops the connection */
  async answer(request: ApiRequest): Promise<ApiResponse> {
    const raw = parameters(request);
    const params: Record<string, string> = {};
    for (const [name, value] of raw) params[name.toLowerCase()] = value;
    const given = params.command;
    const known = given === undefined ? undefined : catalogued(given);
    const command = known?.name ?? given ?? "";
    const caller = this.callerOf(params);
    const subject: FaultSubject = { command, names: this.names(params), changing: isChanging(command), account: caller?.account.name };
    const wantsJson = params.response?.toLowerCase() === "json";

    const outcome = await this.play(raw, params, known, caller, subject);
    this.log.add({
      time: this.cloud.now(),
      user: caller?.account.name ?? "-",
      command: command === "" ? "-" : command,
      changing: isChanging(command),
      names: subject.names,
      status: outcome.status,
      ...(outcome.error === undefined ? {} : { errorCode: outcome.error.code }),
    });
    if (outcome.dropped !== undefined) throw new ConnectionDropped(outcome.dropped);
    const { key, error, result, status } = outcome;
    if (key === undefined) return { status, headers: { "Content-Type": "text/html;charset=utf-8" }, body: `<html><body><h1>HTTP ${status}</h1></body></html>` };
    const inner = error === undefined ? (result ?? {}) : errorBody(error);
    const headers: Record<string, string> = error === undefined || error.code === 401 ? {} : { "X-Description": error.text.replace(/[^\x20-\x7e]/g, "?") };
    if (wantsJson) return { status, headers: { "Content-Type": "application/json;charset=utf-8", ...headers }, body: JSON.stringify({ [key]: inner }) };
    const { uuidList: _list, ...shown } = inner as { uuidList?: unknown };
    return { status, headers: { "Content-Type": "text/xml;charset=utf-8", ...headers }, body: xml({ [key]: shown }) };
  }

  private async play(
    raw: readonly (readonly [string, string])[],
    params: Record<string, string>,
    known: ReturnType<typeof catalogued>,
    caller: Caller | undefined,
    subject: FaultSubject,
  ): Promise<Outcome> {
    const { cloud } = this;
    const { faults } = cloud;
    const killed = faults.take("processKilled", subject);
    if (killed !== undefined && killed.effect !== "after") this.kill(killed);
    const late = (cloud.settings.latency > 0 ? cloud.settings.latency : 0) + slow(faults.take("slowAnswer", subject));
    if (faults.take("droppedBefore", subject) !== undefined) return { status: 0, dropped: "before" };
    const broken = faults.take("httpError", subject);
    if (broken !== undefined && broken.effect !== "after") return { status: broken.code ?? 503 };

    const key = known === undefined ? undefined : this.commands[known.name]?.key ?? `${known.name.toLowerCase()}response`;
    let outcome: Outcome;
    try {
      outcome = { status: 200, key: key ?? "errorresponse", result: this.execute(raw, params, known, caller, subject) };
    } catch (error) {
      outcome = this.refused(error, key, params.command);
    }
    if (killed?.effect === "after") this.kill(killed);
    // A job whose rules are real is seen to have ended when its router has them.
    if (known?.name === "queryAsyncJobResult" || known?.name === "listAsyncJobs") await cloud.hypervisor.exposed?.();
    // Waiting comes after the effect: what is slow here is the way back.
    if (late > 0) await new Promise<void>((resolve) => cloud.clock.after(late, resolve));
    if (faults.take("droppedAfter", subject) !== undefined) return { status: 0, dropped: "after" };
    return broken === undefined ? outcome : { status: broken.code ?? 503 };
  }

  private refused(error: unknown, key: string | undefined, given: string | undefined): Outcome {
    if (error instanceof ApiError) {
      // What does not exist for this account, and what does not exist at all, stands under another key (recorded).
      const under = error.code === 432 || key === undefined ? (given === undefined ? "null" : "errorresponse") : key;
      return { status: error.code, key: under, error };
    }
    this.cloud.log(`broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return { status: 530, key: key ?? "errorresponse", error: new ApiError(530, error instanceof Error ? error.message : String(error)) };
  }

  private execute(
    raw: readonly (readonly [string, string])[],
    params: Record<string, string>,
    known: ReturnType<typeof catalogued>,
    caller: Caller | undefined,
    subject: FaultSubject,
  ): object {
    const { cloud } = this;
    if (caller === undefined || known === undefined) throw new ApiError(401, NO_CREDENTIALS);
    this.verify(raw, params, caller);
    refuseUnprintable(raw);
    if (cloud.faults.take("expiredCredentials", subject) !== undefined) throw new ApiError(401, NO_CREDENTIALS);
    if (cloud.faults.take("rateLimit", subject) !== undefined) throw new ApiError(429, "The given user has reached his/her account api limit, please retry after 1000 ms.");
    const played = this.commands[known.name];
    if (played === undefined) throw new ApiError(530, `${known.name} is not supported by the embedded Mold yet`);
    if (!caller.account.admin && (played.admin === true || cloud.settings.withheldFromUsers.includes(known.name))) throw new ApiError(432, `The API [${known.name}] does not exist or is not available for the account ${caller.account.name}.`);
    const own = Object.fromEntries(Object.entries(params).filter(([name]) => !envelope.has(name)));
    const call = new Call(cloud, known.name, known.command, own, caller, played.refs);
    call.check();
    return cloud.change(() => (played.kind === "sync" ? played.run(call) : this.begin(call, played, subject)));
  }

  /** A job that a user's own program asks for from within: of the cluster autoscaler, say. Within a transaction; what it may not have is not begun. */
  issue(command: string, params: Readonly<Record<string, string>>, owner: { readonly accountId: string }): void {
    const played = this.commands[command];
    const known = catalogued(command);
    const user = this.cloud.table("users").find(({ accountId }) => accountId === owner.accountId);
    const account = this.cloud.table("accounts").get(owner.accountId);
    if (played?.kind !== "async" || known === undefined || user === undefined || account === undefined) return;
    this.jobs.begin(new Call(this.cloud, command, known.command, params, { user, account }, played.refs), played, { more: 0 });
  }

  private begin(call: Call, command: AsyncCommand, subject: FaultSubject): object {
    const { faults } = this.cloud;
    const failing = faults.take("jobFails", subject);
    const held = faults.take("jobPending", subject);
    const slower = faults.take("slowJob", subject);
    return this.jobs.begin(call, command, {
      ...(failing === undefined ? {} : { fault: { code: failing.code ?? 530, text: failing.text ?? "Ordered to fail" } }),
      more: (slower === undefined ? 0 : (slower.ms ?? 60_000)) + (held === undefined ? 0 : (held.ms ?? 600_000)),
      held: held !== undefined,
    });
  }

  private callerOf(params: Readonly<Record<string, string>>): Caller | undefined {
    const key = params.apikey;
    const user = key === undefined ? undefined : this.cloud.table("users").find(({ apiKey }) => apiKey === key);
    const account = user === undefined ? undefined : this.cloud.table("accounts").get(user.accountId);
    return user === undefined || account === undefined ? undefined : { user, account };
  }

  private verify(raw: readonly (readonly [string, string])[], params: Readonly<Record<string, string>>, caller: Caller): void {
    if (params.signatureversion === "3") {
      const expires = expiryTime(params.expires ?? "");
      if (expires === undefined || expires < this.cloud.now()) throw new ApiError(401, NO_CREDENTIALS);
    }
    const expected = signatureOf(raw, caller.user.secretKey, this.cloud.settings.digest);
    if (!sameSignature(expected, params.signature ?? "")) throw new ApiError(401, NO_CREDENTIALS);
  }

  /** The names of everything that a call names or points at, for faults and the log. */
  private names(params: Readonly<Record<string, string>>): string[] {
    const names = new Set<string>();
    for (const [name, value] of Object.entries(params)) {
      if (name === "name" || name === "displayname") names.add(value);
      if (envelope.has(name)) continue;
      for (const id of value.split(",")) {
        if (!/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id)) continue;
        const machine = this.cloud.table("machines").get(id);
        if (machine !== undefined) names.add(machine.name);
        const named = this.cloud.table("networks").get(id) ?? this.cloud.table("balancers").get(id) ?? this.cloud.table("affinityGroups").get(id) ?? this.cloud.table("clusters").get(id);
        if (named !== undefined) names.add(named.name);
        const address = this.cloud.table("addresses").get(id);
        if (address !== undefined) names.add(address.address);
      }
    }
    return [...names];
  }

  private recall(job: JobRow): { command: AsyncCommand; call: Call } | undefined {
    const command: Command | undefined = this.commands[job.command];
    const user = this.cloud.table("users").get(job.userId);
    const account = this.cloud.table("accounts").get(user?.accountId ?? "");
    const known = catalogued(job.command);
    if (command?.kind !== "async" || user === undefined || account === undefined || known === undefined) return undefined;
    return { command, call: new Call(this.cloud, job.command, known.command, job.params, { user, account }, command.refs) };
  }
}

interface Outcome {
  /** 0: the connection was dropped. */
  readonly status: number;
  /** Undefined: an answer that isn't Mold's. */
  readonly key?: string;
  readonly result?: object;
  readonly error?: ApiError;
  readonly dropped?: "before" | "after";
}

/** Line feeds and carriage returns are let through: https://github.com/apache/cloudstack/blob/main/server/src/main/java/com/cloud/api/ApiServer.java (CONTROL_CHARACTERS). */
function refuseUnprintable(raw: readonly (readonly [string, string])[]): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const found = raw.find(([, value]) => /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(value));
  if (found) throw new ApiError(431, `Received value containing illegal ASCII non-printable characters for parameter ${found[0]}`);
}

const slow = (order: FaultOrder | undefined): number => (order === undefined ? 0 : (order.ms ?? 5000));

/** Parameters of the query and of a posted form, with their names as sent. */
function parameters(request: ApiRequest): (readonly [string, string])[] {
  const at = request.path.indexOf("?");
  const query = at >= 0 ? request.path.slice(at + 1) : request.path.startsWith("/") ? "" : request.path;
  const form = request.method.toUpperCase() === "POST" ? (request.body ?? "") : "";
  return [query, form].flatMap((text) => [...new URLSearchParams(text)]);
}
