/** What a resource's declaration consists of. */
import type { IsUnknown, Json, Properties } from "./property";

export type ResourceName = "Connection" | "KubernetesCluster" | "ClusterIdentity" | "ClusterEndpoint" | "Cluster" | "ClusterAccess" | "NetworkRule" | "LoadBalancer";

/** One thing wrong with a declaration. `property` is a path: `workers.count`, `cidrList[1]`. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** How rules and completions read the inputs. */
export interface Reading {
  /** The inputs with their defaults. A value of a wrong type may still be in there: read it through the accessors. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly isUnknown: IsUnknown;
  /** The value at a path, or `undefined` when it is absent. Check `isUnknown` before judging it. */
  at(path: string): unknown;
  /** The whole number at a path; `undefined` when absent, unknown or something else. */
  integer(path: string): number | undefined;
  /** Likewise a text. */
  text(path: string): string | undefined;
  /** Given, known or not. */
  given(path: string): boolean;
}

/** What a rule over several properties reads and says. */
export interface RuleContext extends Reading {
  fail(property: string, reason: string): void;
  warn(message: string): void;
}

export type Rule = (context: RuleContext) => void;

/** Defaults that follow from other inputs (`endPort` from `startPort`). Pure; adds only what is absent. */
export type Completion = (reading: Reading) => Readonly<Record<string, Json>>;

export interface Resource {
  readonly name: ResourceName;
  /** `config`: read from configuration, no resource. `internal`: made by a component, not by a program. */
  readonly kind: "config" | "resource" | "internal";
  readonly description: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly rules?: readonly Rule[];
  readonly completion?: Completion;
  /** A whole declaration that is valid. */
  readonly example: Readonly<Record<string, Json>>;
}
