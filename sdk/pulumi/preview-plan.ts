import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type * as CreatePlan from "../../provider/adapters/pulumi-dynamic/create-plan";

const load = createRequire(__filename);

/**
 * At the preview of a create, shows what will be done, once. Here and not in the provider, since the engine asks that for nothing but a
 * check then, and it can't tell a preview from the real run.
 * @param made an output that is known once the cluster is there
 */
export function showPlanOfCreate(resource: pulumi.Resource, declaration: Readonly<Record<string, unknown>>, made: pulumi.Output<unknown>): void {
  if (!pulumi.runtime.isDryRun()) return;
  pulumi.output(declaration).apply(async (known) => {
    // No part of the typed interface, but what `apply` itself goes by: an unknown output runs no callback that could tell.
    const isKnown = await (made as unknown as { readonly isKnown?: Promise<boolean> }).isKnown;
    if (isKnown !== false) return;
    const { createPlan } = load("../../provider/adapters/pulumi-dynamic/create-plan") as typeof CreatePlan;
    const lines = createPlan(known);
    if (lines.length > 0) await pulumi.log.info(["plan:", ...lines].map((line, at) => (at === 0 ? line : `  - ${line}`)).join("\n"), resource);
  });
}
