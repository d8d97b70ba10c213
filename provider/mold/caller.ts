/** One call with all that belongs to it: signed, bounded, repeated where that is safe, logged, and its failure worded. */
import pLimit from "p-limit";
import type { CallContext, Clock, Log } from "../core/ports";
import { type Json, read } from "./answers";
import { configKey, type ConnectionSettings } from "./connection";
import { MoldError, refusal } from "./errors";
import { type Failure, foreignAnswer, noAnswer } from "./network-failure";
import { describeParameters, scrub, secretsOf } from "./redaction";
import { isReading, mayRepeat, pauseMs } from "./retry";
import { type Digest, type Parameter, signedBody, signedForMs } from "./signing";
import type { Transport, TransportAnswer } from "./transport";

/** What tests watch calls with. An error thrown here ends the call as if the process had been killed there: it is passed on as it is, and nothing is repeated. */
export interface CallObserver {
  /** Before each sending (also a repeated one). The parameters are those sent, without key and signature; user data is among them. */
  onCall?(command: string, params: Readonly<Record<string, string>>): void | Promise<void>;
  /** After each answer that came back, before anything is made of it. */
  onAnswer?(command: string, answer: { readonly status: number; readonly body: string }): void | Promise<void>;
}

export interface CallerOptions extends CallObserver {
  readonly clock: Clock;
  readonly log: Pick<Log, "debug">;
  readonly transport: Transport;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8", accept: "application/json", "user-agent": "ablestack-kubernetes" };
const defaultRetries = 4;
const defaultConcurrency = 8;

type Outcome = { readonly inner: Json } | { readonly error: MoldError; readonly attempt: Pick<Failure, "notTaken" | "passing"> };

export class Caller {
  private readonly limit: ReturnType<typeof pLimit>;
  /** That a call was let in with these keys: a later 401 then means something else. */
  private letIn = false;
  private closed = false;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly options: CallerOptions,
  ) {
    this.limit = pLimit(settings.concurrency ?? defaultConcurrency);
  }

  /** No call begins after this. */
  close(): void {
    this.closed = true;
  }

  /**
   * Sends a command and resolves with what is inside its answer.
   *
   * @throws MoldError in all cases in which Mold refuses or does not answer
   */
  async send(command: string, parameters: readonly Parameter[], digest: Digest, context?: CallContext): Promise<Json> {
    const { clock, random } = this.options;
    const retries = this.settings.retries ?? defaultRetries;
    for (let repetition = 1; ; repetition++) {
      context?.signal?.throwIfAborted();
      const outcome = await this.limit(() => this.attempt(command, parameters, digest, context));
      if ("inner" in outcome) return outcome.inner;
      if (repetition > retries || !mayRepeat(command, outcome.attempt)) throw outcome.error;
      const pause = pauseMs(repetition, random());
      this.options.log.debug(`mold ${command}: again in ${pause} ms: ${outcome.error.message}`);
      await clock.sleep(pause, context?.signal);
    }
  }

  private async attempt(command: string, parameters: readonly Parameter[], digest: Digest, context?: CallContext): Promise<Outcome> {
    const { clock, log, transport } = this.options;
    if (this.closed) throw new Error(`${command}: the connection to Mold has been closed`);
    // While it waited for its turn, the user may have given up.
    context?.signal?.throwIfAborted();
    await this.options.onCall?.(command, Object.fromEntries(parameters));
    const body = signedBody([["command", command], ...parameters], this.settings, digest, clock.now());
    // A change that is under way is seen through: breaking it off would not undo it, and lose the id of what it makes.
    const signal = isReading(command) ? context?.signal : undefined;
    const secrets = [this.settings.apiKey, this.settings.secretKey, ...secretsOf(parameters)];
    const began = performance.now();
    const note = (result: string): void => log.debug(`mold ${command} ${result} in ${Math.round(performance.now() - began)} ms ${describeParameters(parameters)}`.trimEnd());
    let answer: TransportAnswer;
    try {
      // Real time passes here; virtual time must not.
      answer = await clock.hold(() => transport({ url: this.settings.apiUrl, body, headers, timeoutMs: this.settings.timeoutSeconds * 1000, signal }));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      if (!(error instanceof Error) || typeof code !== "string") throw error;
      note(code);
      return this.failed(command, noAnswer(code, scrub(error.message, secrets), this.settings), context);
    }
    note(String(answer.status));
    await this.options.onAnswer?.(command, { status: answer.status, body: answer.body });
    const reading = read(answer.status, answer.body);
    if (reading.is === "answer") {
      this.letIn = true;
      return { inner: reading.inner };
    }
    if (reading.is === "foreign") return this.failed(command, foreignAnswer(answer, this.settings), context);
    const { code, key } = reading.refused;
    const said = scrub(reading.refused.said, secrets);
    if (code === 401) return { error: this.notLetIn(command, said, key, digest, answer, context), attempt: { notTaken: true, passing: false } };
    // 429 is Mold's own limit on calls: it answers that before it looks at the command.
    return { error: refusal(command, code, said, { context }), attempt: { notTaken: code === 429, passing: code === 429 } };
  }

  private failed(command: string, failure: Failure, context?: CallContext): Outcome {
    const { kind, what, advice } = failure;
    return { error: new MoldError({ kind, command, what, advice, context }), attempt: failure };
  }

  /** Mold answers 401 to a wrong key, signature, digest or time, and to a command that it does not have. */
  private notLetIn(command: string, said: string, key: string, digest: Digest, answer: TransportAnswer, context?: CallContext): MoldError {
    const name = (property: string): string => configKey(this.settings.name, property);
    const serverTime = Date.parse(answer.headers.date ?? "");
    const offMinutes = Math.round((this.options.clock.now() - serverTime) / 60_000);
    const clockNote = Math.abs(offMinutes) * 60_000 >= signedForMs / 2 ? `; this machine's clock is ${Math.abs(offMinutes)} min ${offMinutes < 0 ? "behind" : "ahead of"} the server's` : "";
    const unknownCommand = key === "errorresponse" || (this.letIn && !clockNote);
    return new MoldError({
      kind: "credentials",
      command,
      code: 401,
      said,
      context,
      what: unknownCommand ? "is not known to this Mold, or the keys have been changed meanwhile (401)" : `was not let in (401)${clockNote}`,
      advice: unknownCommand
        ? `Other calls with the same keys may work: look whether this Mold has ${command} (its version, its plugins), then at ${name("apiKey")} and ${name("secretKey")}.`
        : `Check ${name("apiKey")} and ${name("secretKey")} (are they this server's?), this machine's clock, and ${name("digest")} (signed with ${digest}; Mold takes sha256, plain CloudStack sha1, and \`auto\` finds out).`,
    });
  }
}
