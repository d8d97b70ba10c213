/** The checks of a declaration: pure, without a look at Mold. */
import { own } from "./declared";
import { checkRecord } from "./check-value";
import type { DataSourceName } from "./data-source";
import { dataSources } from "./data-sources";
import type { CheckedDataArguments, CheckedInputs } from "./generated/types";
import { isAbsent, isRecord, isUnknownMark, type IsUnknown, type Management } from "./property";
import type { Failure, ResourceName, RuleContext } from "./resource";
import { readingOf } from "./reading";
import { resources } from "./resources";

export interface Checked<Inputs> {
  /**
   * The inputs with defaults filled in, absent ones and undeclared names left out. They are what their type says when there is no
   * failure; a value the engine doesn't know yet stands in there as it came.
   */
  readonly inputs: Inputs;
  readonly failures: readonly Failure[];
  /** Said, not refused. */
  readonly warnings: readonly string[];
}

export interface CheckOptions {
  /** Tells the engine's mark for a value that isn't known yet. Default: the symbol `unknown`. */
  readonly isUnknown?: IsUnknown;
}

const managementOf = (value: unknown): Management | undefined => (value === "core" || value === "mold" ? value : undefined);

/**
 * Checks what a program declares and fills in the defaults. Never throws; unknown values are accepted anywhere, and what depends on
 * one is left to the run that knows it.
 * @example
 * checkInputs("NetworkRule", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 0 }).failures
 * // [{ property: "startPort", reason: "is 0; must be between 1 and 65535" }]
 */
export function checkInputs<Name extends ResourceName>(name: Name, inputs: unknown, options: CheckOptions = {}): Checked<CheckedInputs[Name]> {
  const isUnknown = options.isUnknown ?? isUnknownMark;
  const resource = resources[name];
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const invalid = new Set<string>();
  if (!isAbsent(inputs) && !isRecord(inputs)) failures.push({ property: "", reason: `${name} takes an object of properties` });
  const given = isRecord(inputs) ? inputs : {};
  const management = resource.inputs.management === undefined ? undefined : managementOf(own(given, "management") ?? resource.inputs.management.default);

  const checked = checkRecord(name, resource.inputs, given, "", {
    isUnknown,
    management,
    fail(property, reason, kind) {
      failures.push({ property, reason });
      if (kind === "invalid") invalid.add(property);
    },
  });

  const reading = readingOf(checked, isUnknown, (path) => invalid.has(path));
  if (resource.completion !== undefined) Object.assign(checked, resource.completion(reading));
  const context: RuleContext = {
    ...reading,
    fail(property, reason) {
      // One word on a property that is missing or wrong in itself is enough.
      if (!invalid.has(property)) failures.push({ property, reason });
    },
    warn: (message) => warnings.push(message),
  };
  for (const rule of resource.rules ?? []) rule(context);
  return { inputs: checked as unknown as CheckedInputs[Name], failures, warnings };
}

/**
 * Checks what a data source is asked, and fills in the defaults. Never throws.
 * @example checkArguments("getEvents", { cluster: "prod", limit: 0 }).failures // [{ property: "limit", reason: "is 0; must be between 1 and 10000" }]
 */
export function checkArguments<Name extends DataSourceName>(name: Name, given: unknown): Omit<Checked<CheckedDataArguments[Name]>, "warnings"> {
  const failures: Failure[] = [];
  if (!isAbsent(given) && !isRecord(given)) failures.push({ property: "", reason: `${name} takes an object of arguments` });
  const checked = checkRecord(name, dataSources[name].inputs, isRecord(given) ? given : {}, "", {
    isUnknown: isUnknownMark,
    management: undefined,
    fail: (property, reason) => failures.push({ property, reason }),
  });
  return { inputs: checked as unknown as CheckedDataArguments[Name], failures };
}
