/** `generated/pulumi-schema.json`: the package as Pulumi describes packages (https://www.pulumi.com/docs/iac/build-with-pulumi/schema/). */
import { effectiveChange } from "../change-rule";
import type { Change, Json, Properties, Property } from "../property";
import type { DataSource } from "../data-source";
import type { Resource } from "../resource";

type Spec = { [key: string]: Json };

const packageName = "ablestack";
const token = (name: string): string => `${packageName}:index:${name}`;
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function describe(property: Property): string {
  const parts = [property.description];
  if (property.unit !== undefined) parts.push(`Unit: ${property.unit}.`);
  if (property.notYet !== undefined) parts.push(`Not yet: ${property.notYet.reason}.`);
  const fallback = property.filledBySdk ?? property.otherwise;
  if (fallback !== undefined) parts.push(`When left out: ${fallback}.`);
  return parts.join(" ");
}

/** Types by token, filled while resources are written. */
class Types {
  readonly specs: Spec = {};
  /** One declaration used in several places is one type. */
  private readonly enums = new Map<Property, string>();

  typeSpec(property: Property, owner: string, name: string, outer: Change | undefined): Spec {
    switch (property.type) {
      case "string":
        return property.enum === undefined ? { type: "string" } : { type: "string", $ref: `#/types/${this.enumToken(property, property.enum, owner, name)}` };
      case "integer":
      case "boolean":
        return { type: property.type };
      case "list":
        return { type: "array", items: this.typeSpec(property.items, owner, name, outer) };
      case "map":
        return { type: "object", additionalProperties: this.typeSpec(property.values, owner, name, outer) };
      case "object": {
        const reference = token(property.typeName);
        if (!(reference in this.specs)) {
          this.specs[reference] = {};
          this.specs[reference] = { type: "object", description: property.description, ...this.members(property.properties, property.typeName, outer) };
        }
        return { type: "object", $ref: `#/types/${reference}` };
      }
    }
  }

  private enumToken(property: Property, values: readonly string[], owner: string, name: string): string {
    const known = this.enums.get(property);
    if (known !== undefined) return known;
    const made = token(`${owner}${capital(name)}`);
    this.enums.set(property, made);
    this.specs[made] = { type: "string", description: property.description, enum: values.map((value) => ({ value })) };
    return made;
  }

  /** Properties with the names of those that must be given. */
  members(properties: Properties, owner: string, outer: Change | undefined): { properties: Spec; required: string[] } {
    const required = Object.entries(properties).flatMap(([name, property]) => {
      const always = outer === undefined ? property.required !== false : property.required === true && property.filledBySdk === undefined;
      return always ? [name] : [];
    });
    return { properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, this.propertySpec(property, owner, name, outer)])), required };
  }

  private propertySpec(property: Property, owner: string, name: string, outer: Change | undefined): Spec {
    const change = outer === undefined ? undefined : effectiveChange(property, outer);
    const isPlain = typeof property.default === "string" || typeof property.default === "number" || typeof property.default === "boolean";
    return {
      ...this.typeSpec(property, owner, name, change),
      description: describe(property),
      // Pulumi knows defaults of plain values only; the others are filled in by check.
      ...(isPlain ? { default: property.default } : {}),
      ...(property.environment === undefined ? {} : { defaultInfo: { environment: property.environment } }),
      ...(property.secret ? { secret: true } : {}),
      ...(change === "replace" ? { replaceOnChanges: true } : {}),
    };
  }
}

export function pulumiSchemaFile(all: readonly Resource[], sources: readonly DataSource[], version: string): string {
  const types = new Types();
  const resources: Spec = {};
  let variables: Spec = {};
  for (const resource of all) {
    if (resource.kind === "config") {
      variables = types.members(resource.inputs, resource.name, "update").properties;
      types.typeSpec({ type: "object", typeName: resource.name, description: resource.description, properties: resource.inputs }, "", "", "update");
      variables.connections = {
        type: "object",
        additionalProperties: { type: "object", $ref: `#/types/${token(resource.name)}` },
        description: "Further connections by name: `ablestack:connections.<connection>.<property>`. Resources choose one by their `connection`.",
        secret: true,
      };
      continue;
    }
    const outputs = types.members(resource.outputs, resource.name, undefined);
    const inputs = types.members(resource.inputs, resource.name, "update");
    resources[token(resource.name)] = {
      description: resource.kind === "internal" ? `${resource.description} Made by a KubernetesCluster; not for programs.` : resource.description,
      // It composes the three internal ones, and has no life of its own.
      ...(resource.name === "KubernetesCluster" ? { isComponent: true } : {}),
      properties: outputs.properties,
      required: outputs.required,
      inputProperties: inputs.properties,
      requiredInputs: inputs.required,
    };
  }
  const functions: Spec = {};
  for (const { name, description, inputs, outputs } of sources) {
    const owner = capital(name);
    functions[token(name)] = {
      description,
      inputs: { type: "object", ...types.members(inputs, `${owner}Args`, "update") },
      outputs: { type: "object", ...types.members(outputs, `${owner}Result`, undefined) },
    };
  }
  const schema: Spec = {
    name: packageName,
    displayName: "ABLESTACK Kubernetes",
    version,
    description: "Highly available Kubernetes clusters on ABLESTACK (Mold).",
    keywords: ["pulumi", "ablestack", "mold", "cloudstack", "kubernetes", "category/cloud"],
    license: "Apache-2.0",
    meta: { moduleFormat: "(.*)" },
    language: { nodejs: { packageName: "ablestack-kubernetes" } },
    config: { variables },
    provider: { description: "How to reach a Mold, and as whom.", inputProperties: variables },
    types: types.specs,
    resources,
    functions,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
