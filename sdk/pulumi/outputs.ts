import * as pulumi from "@pulumi/pulumi";

/** The outputs of a resource as a program has them. */
export type OutputsOf<Plain> = { readonly [Name in keyof Plain]-?: pulumi.Output<Plain[Name]> };

/**
 * An output, or `undefined` where it isn't known: at a preview an output that the state doesn't hold, since a former release made the
 * resource, is an unknown one, and would make all that is composed of it unknown for good.
 */
export const ifKnown = <T>(output: pulumi.Output<T>): pulumi.Output<T | undefined> => {
  // No part of the typed interface, but what `apply` itself goes by.
  const { isKnown, promise } = output as unknown as { readonly isKnown: Promise<boolean>; promise(): Promise<T> };
  return pulumi.output(isKnown.then((known) => (known ? promise.call(output) : undefined))) as pulumi.Output<T | undefined>;
};
