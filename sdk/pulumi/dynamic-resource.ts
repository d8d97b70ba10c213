import * as pulumi from "@pulumi/pulumi";
import type { Kind } from "./provider";
import { providerText } from "./provider";

export interface DynamicResourceArgs {
  readonly kind: Kind;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the outputs that the class declares. */
  readonly outputs: readonly string[];
  /** Those of them that are secret. */
  readonly secretOutputs?: readonly string[];
}

/**
 * A resource that this package itself serves, without a plugin: what `pulumi.dynamic.Resource` is, with a provider that is a text
 * already (see provider.ts). A subclass declares its outputs with `declare`, or compilers reset them after `super()`.
 */
export abstract class DynamicResource extends pulumi.CustomResource {
  protected constructor(name: string, { kind, inputs, outputs, secretOutputs = [] }: DynamicResourceArgs, opts: pulumi.CustomResourceOptions) {
    const places = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(
      `pulumi-nodejs:dynamic/ablestack:${kind}`,
      name,
      { ...places, ...inputs, declaredBy: { owner: owner(), resource: name }, __provider: providerText(kind) },
      // Before: two of one name, address or port can't be at once. As an option, since a forced replace ignores what a provider says.
      pulumi.mergeOptions({ deleteBeforeReplace: true, additionalSecretOutputs: ["declared", ...secretOutputs] }, opts),
    );
  }
}

/** Who declares: written on everything that is made, and read back by the next run of the same stack. */
const owner = (): string => `pulumi:${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
