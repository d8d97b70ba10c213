/** Everything that is generated: file name to text. Pure, so that a test can hold the committed files against it. */
import { dataSources } from "../data-sources";
import { resources } from "../resources";
import { pulumiSchemaFile } from "./pulumi-schema";
import { referenceFile } from "./reference";
import { terraformSchemaFile } from "../terraform-schema";
import { terraformReferenceFile } from "./terraform-reference";
import { pulumiArgsFile, typesFile } from "./types";

/** `version`: the package's own, which the Pulumi schema carries. */
export function generatedFiles(version: string): Readonly<Record<string, string>> {
  const all = Object.values(resources);
  const sources = Object.values(dataSources);
  return {
    "types.ts": typesFile(all, sources),
    "pulumi-args.ts": pulumiArgsFile(all, sources),
    "pulumi-schema.json": pulumiSchemaFile(all, sources, version),
    "terraform.json": terraformSchemaFile(),
    "terraform.md": terraformReferenceFile(),
    "reference.md": referenceFile(all, sources),
  };
}
