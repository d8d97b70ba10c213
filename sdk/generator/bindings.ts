/**
 * Bindings of the Terraform provider, made by CDKTF's own generator: one file for each resource, each data source and the provider. What
 * it writes is kept but for what isn't so (pages of a registry that has none of them) and what this repository's compiler wants said.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerAddress, providerType, terraformProvider, terraformDataSources, terraformResources } from "../../schema/terraform-resources";
import { head } from "./head";

/** Releases of the provider that bindings of this one work with. */
export function versionConstraint(version: string): string {
  const [major, minor] = version.split(".");
  return version.includes("-") ? version : `~> ${major}.${minor}.0`;
}

const describedTypes = new Map<string, string>([
  ["provider", terraformProvider.description],
  ...terraformResources.map(({ type, description }): [string, string] => [type.slice(providerType.length + 1).replaceAll("_", "-"), description]),
  ...terraformDataSources.map(({ type, description }): [string, string] => [`data-${type.replaceAll("_", "-")}`, description]),
]);

/** One file as it is committed. @param folder that the generator put it in, by which the resource is known */
export function trimmed(folder: string, text: string): string {
  const description = describedTypes.get(folder);
  if (description === undefined) throw new RangeError(`CDKTF's generator wrote ${folder}, which no declaration is about`);
  const body = text
    .replace(/^\/\/ https:.*\n\/\/ generated from terraform resource schema\n\n/, "")
    .replace(/\n *\* *\n *\* Docs at Terraform Registry: .*$/gm, "")
    .replace(/ Refer to the \{@link \S+#import import section\} in the documentation of this resource for the id to use/g, "")
    .replace(/Represents a \{@link \S+ \w+\}/g, () => description)
    .replace(/\{@link https:\/\/\S+ (\w+)\}/g, "`$1`")
    // It keeps clear of the `node` that every construct has, also inside of objects, which are none.
    .replace(/([nN])odeAttribute/g, "$1ode")
    // What overrides a member of a base class has to say so here.
    .replace(/constructor\(protected terraformResource: (\S+), protected terraformAttribute: (\S+), protected wrapsSet/g, "constructor(protected override terraformResource: $1, protected override terraformAttribute: $2, protected override wrapsSet")
    .replace(/constructor\(protected terraformResource: (\S+), protected terraformAttribute: /g, "constructor(protected override terraformResource: $1, protected override terraformAttribute: ")
    .replace(/public ([gs]et) alias\(/g, "public override $1 alias(")
    .replace(/protected (synthesizeAttributes|synthesizeHclAttributes)\(/g, "protected override $1(")
    // In HCL it writes objects as blocks, which the provider has none of (https://github.com/hashicorp/terraform-cdk/issues/3529 is akin):
    // here they go as the values that they are in JSON.
    .replace(/^export function \w+ToHclTerraform\([\s\S]*?^\}\n\n/gm, "")
    .replace(/value: (.*),\n( +)isBlock: true,\n +type: "\w+",\n +storageClassType: "\w+",/g, (_, value: string, indent: string) => `value: ${value.replace(/MapperHcl/g, "Mapper").replace(/ToHclTerraform/g, "ToTerraform")},\n${indent}isBlock: false,\n${indent}type: "any",\n${indent}storageClassType: "any",`)
    .replace(/ +$/gm, "")
    .replace(/\n{3,}/g, "\n\n");
  const link = /https:\/\/registry\.terraform\.io\/providers\S*/.exec(body);
  if (link !== null) throw new RangeError(`${folder}: CDKTF's generator wrote ${link[0]}, which leads nowhere`);
  return head(description) + body;
}

/**
 * File name to text.
 * @param schema what `terraform providers schema -json` prints
 * @param version of the provider
 */
export async function bindings(schema: string, version: string): Promise<Readonly<Record<string, string>>> {
  // As it is loaded, @cdktf/commons runs `terraform version` and would tell HashiCorp of a failure: neither is wanted of a generator.
  process.env.CHECKPOINT_DISABLE = "1";
  process.env.CDKTF_LOG_LEVEL = "OFF";
  process.env.TERRAFORM_BINARY_NAME = "true";
  const { CodeMaker } = await import("codemaker");
  const { ConstructsMakerProviderTarget, LANGUAGES, TerraformProviderConstraint } = await import("@cdktf/commons");
  // The package's root wants jsii, which its plain install doesn't have.
  const { TerraformProviderGenerator } = await import("@cdktf/provider-generator/lib/get/generator/provider-generator.js");

  const generator = new TerraformProviderGenerator(new CodeMaker(), JSON.parse(schema) as ConstructorParameters<typeof TerraformProviderGenerator>[1]);
  generator.generate(new ConstructsMakerProviderTarget(new TerraformProviderConstraint(`${providerAddress}@${versionConstraint(version)}`), LANGUAGES[0]!));
  const scratch = mkdtempSync(join(tmpdir(), "ablestack-bindings-"));
  try {
    await generator.save(scratch);
    const written = join(scratch, "providers", providerType);
    const folders = readdirSync(written, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
    return Object.fromEntries(folders.map((folder) => [`${folder}.ts`, trimmed(folder, readFileSync(join(written, folder, "index.ts"), "utf8"))]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
