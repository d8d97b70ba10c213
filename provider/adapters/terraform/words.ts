/** What handlers and the core say, in the words of somebody who writes HCL and runs Terraform. Values in quotes stay as they are. */
import { resources } from "../../../schema/resources";
import type { Properties } from "../../../schema/property";
import { inputAttribute, snakeCase } from "../../../schema/terraform-resources";

function names(properties: Properties): string[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const inner = property.type === "list" ? property.items : property.type === "map" ? property.values : property;
    return [name, ...(inner.type === "object" ? names(inner.properties) : [])];
  });
}

/** Only names of more than one word can be told from other words. */
const renamed = [...new Set(Object.values(resources).flatMap(({ inputs, outputs }) => [...names(inputs), ...names(outputs)]))].filter((name) => /[A-Z]/.test(name)).sort((a, b) => b.length - a.length);
const anyRenamed = new RegExp(`(?<![\\w"])(${renamed.join("|")})(?![\\w"])`, "g");

const commands: readonly (readonly [RegExp, string | ((...found: string[]) => string)])[] = [
  [/`pulumi config set (?:--secret )?(?:--path )?ablestack:connections\.([^.`]+)\.(\w+)[^`]*`/g, (_, connection, property) => `\`connections.${connection}.${snakeCase(property!)}\` of the provider`],
  [/`pulumi config set (?:--secret )?ablestack:(\w+)[^`]*`/g, (_, property) => `\`${snakeCase(property!)}\` of the provider`],
  [/ablestack:connections\.([^.\s]+)\.(\w+)/g, (_, connection, property) => `connections.${connection}.${snakeCase(property!)}`],
  [/ablestack:(\w+)/g, (_, property) => snakeCase(property!)],
  [/pulumi refresh/g, "terraform apply -refresh-only"],
  [/pulumi up --replace/g, "terraform apply -replace=ADDRESS"],
  [/pulumi stack output --show-secrets kubeconfig/g, "terraform output -raw kubeconfig"],
  [/\bnodes: (\{ "[^"]*": \{.*?\} \})/g, (_, value) => `node_operations = ${value!.replaceAll(": ", " = ")}`],
  [/\bnodes\["/g, 'node_operations["'],
];

/** @example inTerraformWords("give the id of a public address as ipAddressId") // "give the id of a public address as ip_address_id" */
export function inTerraformWords(text: string): string {
  const said = commands.reduce((now, [pattern, by]) => (typeof by === "string" ? now.replace(pattern, by) : now.replace(pattern, by)), text);
  return said.replace(anyRenamed, (name) => inputAttribute(name));
}
