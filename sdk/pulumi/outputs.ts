import type * as pulumi from "@pulumi/pulumi";

/** The outputs of a resource as a program has them. */
export type OutputsOf<Plain> = { readonly [Name in keyof Plain]-?: pulumi.Output<Plain[Name]> };
