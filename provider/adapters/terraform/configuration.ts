/** What is configured in the provider block, under the keys by which the session asks. */
import { isRecord } from "../../../schema/property";
import { terraformProvider } from "../../../schema/terraform-resources";
import { checkRecord } from "../../../schema/check-value";
import { isUnknown, type CheckFailure } from "../../handlers/handler";
import { inputsFrom } from "./declared-values";
import type { ObjectValue } from "./value";

export interface Configuration {
  /** The value of a full key (`ablestack:apiUrl`). */
  readonly get: (key: string) => string | undefined;
  /** Undefined: neither configured nor in the environment. */
  readonly owner?: string;
  readonly failures: readonly CheckFailure[];
}

/** What everything made on Mold is marked with. */
export const ownerMark = (owner: string): string => `terraform:${owner}`;

const known = (value: unknown): string | undefined => (isUnknown(value) || value === undefined || value === "" ? undefined : String(value as string | number | boolean));

export function configurationOf(block: ObjectValue, environment: Readonly<Record<string, string | undefined>>): Configuration {
  const inputs = inputsFrom(terraformProvider.inputs, block);
  const failures: CheckFailure[] = [];
  checkRecord("provider", terraformProvider.inputs, inputs, "", { isUnknown, management: undefined, fail: (property, reason) => failures.push({ property, reason }) });
  const { connections, owner, ...settings } = inputs;
  // A connection is looked for as a whole, which one that isn't known yet can't be.
  const further = isRecord(connections) ? JSON.stringify(connections, (_key, value: unknown) => (isUnknown(value) ? undefined : value)) : undefined;
  const named = known(owner) ?? known(environment.ABLESTACK_OWNER);
  return {
    get: (key) => (key === "ablestack:connections" ? further : known(settings[key.replace(/^ablestack:/, "")])),
    ...(named === undefined ? {} : { owner: named }),
    failures,
  };
}
