/** Everything that is generated: file name to text. Pure, so that a test can hold the committed files against it. */
import { resources } from "../resources";
import { pulumiSchemaFile } from "./pulumi-schema";
import { referenceFile } from "./reference";
import { pulumiArgsFile, typesFile } from "./types";

/** `version`: the package's own, which the Pulumi schema carries. */
export function generatedFiles(version: string): Readonly<Record<string, string>> {
  const all = Object.values(resources);
  return {
    "types.ts": typesFile(all),
    "pulumi-args.ts": pulumiArgsFile(all),
    "pulumi-schema.json": pulumiSchemaFile(all, version),
    "reference.md": referenceFile(all),
  };
}
