/** What carries a call to Mold and its answer back. The default goes over HTTP; tests hand in one that stays in the process. */

export interface TransportRequest {
  readonly url: string;
  /** The form: parameters, key and signature. Never to be logged. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Real time for the whole exchange. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface TransportAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request. Any HTTP status is an answer. No answer is a rejection with an error that has a `code` as Node.js gives them
 * (`ECONNREFUSED`, `ECONNRESET`, `CERT_HAS_EXPIRED`, …; `ETIMEDOUT` when `timeoutMs` is over, `ECONNECTTIMEOUT` when no connection
 * was made in time); an error without a code is taken as a fault of the program and passed on as it is.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/** No answer came. Carries a code and plain words only: what HTTP libraries throw holds the whole request, keys included. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
