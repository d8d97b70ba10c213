/** What Mold's refusals and silences become: an error that says what was being done, to what, what Mold said, and what to do. */
import type { CallContext, MoldErrorKind, MoldFailure } from "../core/ports";

export interface MoldErrorDetails {
  readonly kind: MoldErrorKind;
  readonly command: string;
  /** What happened, as a sentence without its subject: `was refused by Mold (431)`. */
  readonly what: string;
  readonly code?: number;
  /** Mold's own words. */
  readonly said?: string;
  /** What the reader can do. */
  readonly advice: string;
  readonly jobId?: string;
  readonly context?: CallContext;
}

/** A refusal by Mold, or Mold out of reach. Holds no secret: texts from outside are scrubbed before they get here. */
export class MoldError extends Error implements MoldFailure {
  override readonly name = "MoldError";
  readonly kind: MoldErrorKind;
  readonly command: string;
  readonly code?: number;
  readonly said?: string;
  /** The job that failed or was not waited for any longer. */
  readonly jobId?: string;

  constructor(details: MoldErrorDetails) {
    const { context } = details;
    const subject = context?.resource ? `${context.resource}: ` : "";
    const property = context?.property ? ` (property \`${context.property}\`)` : "";
    const words = details.said ? `: "${details.said}"` : "";
    super(`${subject}${details.command} ${details.what}${property}${words}. ${details.advice}`);
    this.kind = details.kind;
    this.command = details.command;
    this.code = details.code;
    this.said = details.said;
    this.jobId = details.jobId;
  }
}

/** The codes are those of CloudStack's `ApiErrorCode`. */
const kinds: Readonly<Record<number, MoldErrorKind>> = {
  401: "credentials",
  429: "server",
  432: "forbidden",
  531: "forbidden",
  532: "limit",
  533: "capacity",
  535: "limit",
  537: "conflict",
};

const codeAdvice: Readonly<Record<number, string>> = {
  429: "Mold allows this account no more calls for now (api.throttling.*): raise its limit or run again later",
  430: "Mold can't take a parameter as it is: correct what the declaration says there",
  431: "Mold takes a value as wrong, or what it names as gone: correct what the declaration says there, or run again if it was just removed",
  432: "The account's role has no such command, or this Mold is too old for it: use the keys of an account that may, or have its role extended",
  531: "The account may not do this to that resource: use its owner's keys, or set ablestack:projectId, or ablestack:account with ablestack:domainId",
  533: "No host has room for this: add capacity, choose a smaller offering, or let machines share hosts (affinity: none)",
  534: "Something that Mold needs for this is out of order (a router or a host, say): look at the network's virtual router and Mold's alerts, then run again",
  536: "Something still uses it: remove that first, then run again",
  537: "Another rule holds these ports on that address: choose other ports, or remove that rule",
};
const limitAdvice = "Raise the limit of the account or project, or ask for fewer";
const otherAdvice = "The reason is in Mold's management-server.log and events; once it is gone, running again continues";

/** An error in Mold's own words, from an answer or from a failed job. */
export function refusal(command: string, code: number, said: string, options: { readonly jobId?: string; readonly context?: CallContext } = {}): MoldError {
  return new MoldError({
    kind: kinds[code] ?? "refused",
    command,
    code,
    said: said.trim().replace(/\.$/, ""),
    what: options.jobId ? `failed in Mold (${code}, job ${options.jobId})` : `was refused by Mold (${code})`,
    advice: `${codeAdvice[code] ?? (kinds[code] === "limit" ? limitAdvice : otherAdvice)}.`,
    jobId: options.jobId,
    context: options.context,
  });
}

/** A job that has not ended within its bound. It goes on in Mold. */
export function jobTimeout(command: string, jobId: string, waitedMs: number, context?: CallContext): MoldError {
  return new MoldError({
    kind: "timeout",
    command,
    jobId,
    context,
    what: `has not ended within ${Math.round(waitedMs / 1000)} s`,
    advice: `Job ${jobId} may still be running in Mold: run again to go on from what it makes, or allow more time (ablestack:jobTimeout, or the resource's timeouts).`,
  });
}
