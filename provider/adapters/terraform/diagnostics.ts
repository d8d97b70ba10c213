/** What a person reads in Terraform's output: errors and warnings, each with the attribute that it is about. */
import type { Properties } from "../../../schema/property";
import { messageOf } from "../../core/errors";
import { PartialFailure, type CheckFailure } from "../../handlers/handler";
import { attributePath, type Step } from "./attribute-path";
import { severity, type AttributePathMessage, type DiagnosticMessage, type StepMessage } from "./protocol";
import { inTerraformWords } from "./words";

/** Errors that say all there is to say. Any other is a mistake of ours, and its stack tells where. */
const worded = new Set(["ClusterError", "ConnectionError", "Interrupted", "KubernetesError", "LockError", "MoldError", "PartialFailure", "PlanOutdated", "StepsFailed", "WordedError"]);

/** Something of this adapter's own to say to a person. */
export class WordedError extends Error {
  override readonly name = "WordedError";
  constructor(
    message: string,
    readonly details: { readonly property?: string } = {},
  ) {
    super(message);
  }
}

function stepMessage(step: Step): StepMessage {
  if ("attribute" in step) return { attribute_name: step.attribute };
  return "key" in step ? { element_key_string: step.key } : { element_key_int: step.index };
}

export const pathMessage = (properties: Properties, property: string): AttributePathMessage => ({ steps: attributePath(properties, property).steps.map(stepMessage) });

const about = (properties: Properties, property: string): { attribute?: AttributePathMessage } => {
  const attribute = pathMessage(properties, property);
  return attribute.steps.length === 0 ? {} : { attribute };
};

/** What check found, one by one. */
export function failureDiagnostics(properties: Properties, failures: readonly CheckFailure[]): DiagnosticMessage[] {
  return failures.map(({ property, reason }) => {
    const { text } = attributePath(properties, property);
    return {
      severity: severity.ERROR,
      summary: text === "" ? "Wrong declaration" : `Wrong value of ${text}`,
      detail: inTerraformWords(text === "" ? reason : `${text}: ${reason}`),
      ...about(properties, property),
    };
  });
}

export const warning = (summary: string, detail: string): DiagnosticMessage => ({ severity: severity.WARNING, summary, detail: inTerraformWords(detail) });

/**
 * What was thrown: the first line at the top, the rest below it.
 * @param what was being done, for an error that names no resource itself
 */
export function errorDiagnostics(error: unknown, what: string, properties: Properties = {}): DiagnosticMessage[] {
  const isWorded = error instanceof Error && worded.has(error.name);
  const reasons = error instanceof PartialFailure ? error.reasons : [isWorded || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)];
  const { details } = error as { readonly details?: { readonly property?: string } };
  return [
    {
      severity: severity.ERROR,
      summary: isWorded ? what : `${what}: a mistake of the provider's own`,
      detail: inTerraformWords(reasons.join("\n")),
      ...(details?.property === undefined ? {} : about(properties, details.property)),
    },
  ];
}
