/** Everything in `sdk/cdktf/generated/`: file name to text, so that a test can hold the committed files against it. */
import { terraformSchemaFile } from "../../schema/terraform-schema";
import { argsFile } from "./args";
import { bindings } from "./bindings";
import { head } from "./head";

/** `version`: the package's own, which the provider has as well. */
export async function constructFiles(version: string): Promise<Readonly<Record<string, string>>> {
  const bound = await bindings(terraformSchemaFile(), version);
  const modules = Object.keys(bound).map((file) => file.replace(/\.ts$/, ""));
  return {
    ...bound,
    "args.ts": argsFile(),
    "index.ts": `${head("The provider, its resources and its data sources, as Terraform has them.")}${modules.map((module) => `export * from "./${module}";\n`).join("")}`,
  };
}
