/** `generated/args.ts`: what a CDKTF program writes. The names are those of the Pulumi SDK's arguments, and so are the words. */
import { Interfaces } from "../../schema/generator/interfaces";
import type { Properties } from "../../schema/property";
import { resources } from "../../schema/resources";
import { terraformResources } from "../../schema/terraform-resources";
import { head } from "./head";

/** What a construct fills in, in words. */
const names: Readonly<Record<string, string>> = {
  KubernetesCluster: "the construct's id",
  NetworkRule: "the construct's path in its stack",
  LoadBalancer: "the construct's path in its stack",
};

export function argsFile(): string {
  const interfaces = new Interfaces();
  for (const { resource, description, inputs } of terraformResources) {
    const filledBySdk = names[resource];
    if (filledBySdk === undefined) continue;
    // As declared, and where Terraform has other words for it, or a rule needs a name of its own, as there.
    const { connection, name } = inputs as { readonly connection: Properties[string]; readonly name: Properties[string] };
    interfaces.add(`${resource}Args`, description, { ...resources[resource].inputs, connection, name: { ...name, filledBySdk } }, "construct");
  }
  return `${head("What a CDKTF program writes: texts and numbers may be tokens.")}import type * as cdktf from "cdktf";\n\n${interfaces.toString()}`;
}
