/** What is configured in the provider block, under the keys by which the session asks. */
import { isRecord } from "../../../schema/property";
import { snakeCase, terraformProvider } from "../../../schema/terraform-resources";
import { checkRecord } from "../../../schema/check-value";
import { hasUnknown, isUnknown, type CheckFailure } from "../../handlers/handler";
import { inputsFrom } from "./declared-values";
import { WordedError } from "./diagnostics";
import type { ObjectValue } from "./value";

export interface Configuration {
  /** The value of a full key (`ablestack:apiUrl`). @throws WordedError while it isn't known yet */
  readonly get: (key: string) => string | undefined;
  /** Undefined: neither configured nor in the environment. @throws WordedError while it isn't known yet */
  readonly owner: () => string | undefined;
  readonly failures: readonly CheckFailure[];
}

/** What everything made on Mold is marked with. */
export const ownerMark = (owner: string): string => `terraform:${owner}`;

const filled = (value: unknown): string | undefined => (value === undefined || value === "" ? undefined : String(value as string | number | boolean));

/** What isn't known yet is something else than what is left out: nothing stands in for it, or a plan would look at another Mold, and as somebody else. */
const known = (name: string, value: unknown): string | undefined => (isUnknown(value) ? notYet(snakeCase(name)) : filled(value));

function notYet(attribute: string): never {
  throw new WordedError(
    `\`${attribute}\` of the provider isn't known yet: it follows from something that is still to be made, and without it there is no looking at Mold. Make that first (\`terraform apply -target=ADDRESS\`), then plan the rest; or give the value itself.`,
  );
}

/** The first of the connections' settings that isn't known; all of them where none of it is. */
function unknownIn(connections: unknown): string {
  for (const [name, connection] of Object.entries(isRecord(connections) ? connections : {})) {
    if (isUnknown(connection)) return `connections.${name}`;
    const setting = isRecord(connection) ? Object.keys(connection).find((each) => isUnknown(connection[each])) : undefined;
    if (setting !== undefined) return `connections.${name}.${snakeCase(setting)}`;
  }
  return "connections";
}

export function configurationOf(block: ObjectValue, environment: Readonly<Record<string, string | undefined>>): Configuration {
  const inputs = inputsFrom(terraformProvider.inputs, block);
  const failures: CheckFailure[] = [];
  checkRecord("provider", terraformProvider.inputs, inputs, "", { isUnknown, management: undefined, fail: (property, reason) => failures.push({ property, reason }) });
  const { connections, owner, ...settings } = inputs;
  return {
    get(key) {
      const name = key.replace(/^ablestack:/, "");
      if (name !== "connections") return known(name, settings[name]);
      return hasUnknown(connections) ? notYet(unknownIn(connections)) : isRecord(connections) ? JSON.stringify(connections) : undefined;
    },
    owner: () => known("owner", owner) ?? filled(environment.ABLESTACK_OWNER),
    failures,
  };
}
