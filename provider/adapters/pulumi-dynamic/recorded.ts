/**
 * What Pulumi records of a resource: its outputs and, under `declared`, the inputs they were made from. A provider is handed the
 * outputs alone when it is asked for a difference or a delete, and those have to say what was declared.
 */
import type { State } from "../../handlers/handler";
import { fromPulumi, toPulumi } from "./values";

type Properties = Record<string, unknown>;

/** The name of the output. A secret one: inputs may hold passwords and keys. */
const declared = "declared";

export const toRecord = (inputs: unknown, outputs: unknown): Properties => toPulumi({ ...(outputs as Properties), [declared]: inputs });

export function fromRecord(properties: unknown): State<Properties, Properties> {
  const { [declared]: inputs, ...outputs } = fromPulumi(properties);
  if (typeof inputs !== "object" || inputs === null) {
    throw new Error("the state does not say what was declared: it was not made by this library, or was imported, which Pulumi can't do with resources whose provider is in the state. Remove it from the state (pulumi state delete), and take over what is there: declare it with adopt: true.");
  }
  return { inputs: inputs as Properties, outputs };
}
