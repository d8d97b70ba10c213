/** Errors in the form in which Pulumi shows or records them. */
import { messageOf } from "../../core/errors";
import { PartialFailure } from "../../handlers/handler";
import { toRecord } from "./recorded";
import { fromPulumi } from "./values";

/** Errors that say all there is to say. Any other is a mistake of ours, and its stack tells where. */
const worded = new Set(["ClusterError", "ConnectionError", "Interrupted", "KubernetesError", "LockError", "MoldError", "PartialFailure", "StepsFailed"]);
export const isWorded = (error: unknown): error is Error => error instanceof Error && worded.has(error.name);

/** What a method of a dynamic provider throws. */
class Failure extends Error {
  constructor(
    message: string,
    private readonly method: string,
  ) {
    super(message);
  }

  /** The provider process prints this and the stack, before the engine shows the message with the resource it belongs to. */
  override toString(): string {
    return this.method;
  }
}

/** With an id the engine records the resource, shows each reason, and goes on from there with the next run. */
interface RecordedFailure extends Failure {
  readonly id: string;
  readonly properties: Record<string, unknown>;
  readonly reasons: readonly string[];
}

/**
 * @param inputs as the engine gave them. What is recorded has the provider's text from there, which cmd/dynamic-provider adds to results only: without it the
 * engine could neither refresh nor delete what a failed run has left.
 */
export function toFailure(error: unknown, kind: string, method: string, inputs: unknown): Failure | RecordedFailure {
  const failure = new Failure(messageOf(error), `${kind} ${method}`);
  failure.stack = isWorded(error) ? "failed; the error of the resource says why" : error instanceof Error ? error.stack : failure.stack;
  if (!(error instanceof PartialFailure)) return failure;
  const { __provider } = inputs as { readonly __provider?: unknown };
  return Object.assign(failure, { id: error.id, properties: { ...toRecord(error.declared ?? fromPulumi(inputs), error.outputs), __provider }, reasons: error.reasons });
}
