/** Refusals in the API's own form: a `Status` object with the HTTP status as its code. */
import type { JsonObject } from "./objects";
import type { Resource } from "./resources";

export type Reason =
  | "BadRequest" | "Unauthorized" | "Forbidden" | "NotFound" | "MethodNotAllowed" | "AlreadyExists" | "Conflict" | "Expired"
  | "UnsupportedMediaType" | "Invalid" | "TooManyRequests" | "NotAcceptable" | "ServiceUnavailable" | "InternalError";

const codes: Record<Reason, number> = {
  BadRequest: 400, Unauthorized: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405, NotAcceptable: 406, AlreadyExists: 409, Conflict: 409, Expired: 410,
  UnsupportedMediaType: 415, Invalid: 422, TooManyRequests: 429, InternalError: 500, ServiceUnavailable: 503,
};

/** Thrown anywhere in the API; it becomes the answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly reason: Reason,
    message: string,
    readonly details?: JsonObject,
  ) {
    super(message);
  }
  get code(): number {
    return codes[this.reason];
  }
  status(): JsonObject {
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: this.message, reason: this.reason, details: this.details, code: this.code };
  }
}

/** `pods` or `deployments.apps`, as messages name a resource. */
export function qualified(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

export function notFound(resource: Resource, name: string): Refusal {
  return new Refusal("NotFound", `${qualified(resource)} "${name}" not found`, { name, group: resource.group || undefined, kind: resource.plural });
}
export function alreadyExists(resource: Resource, name: string): Refusal {
  return new Refusal("AlreadyExists", `${qualified(resource)} "${name}" already exists`, { name, group: resource.group || undefined, kind: resource.plural });
}
export function conflict(resource: Resource, name: string, why: string): Refusal {
  return new Refusal("Conflict", `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`, { name, group: resource.group || undefined, kind: resource.plural });
}
export function invalid(resource: Resource, name: string, field: string, why: string): Refusal {
  return new Refusal("Invalid", `${resource.kind}${resource.group ? `.${resource.group}` : ""} "${name}" is invalid: ${field}: ${why}`, {
    name,
    group: resource.group || undefined,
    kind: resource.kind,
    causes: [{ reason: "FieldValueInvalid", message: why, field }],
  });
}
export function success(details: JsonObject): JsonObject {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
