/**
 * The schema of the Terraform provider, as `terraform providers schema -json` prints one (protocol 6: objects are nested attributes).
 * https://developer.hashicorp.com/terraform/cli/commands/providers/schema
 */
import { effectiveChange } from "./change-rule";
import type { Change, Properties, Property } from "./property";
import { inputAttribute, providerAddress, snakeCase, terraformDataSources, terraformProvider, terraformResources } from "./terraform-resources";

/** A type as cty writes it in JSON. */
export type CtyType = "string" | "number" | "bool" | "dynamic" | readonly ["list", CtyType] | readonly ["set", CtyType] | readonly ["map", CtyType] | readonly ["object", Readonly<Record<string, CtyType>>] | readonly ["tuple", readonly CtyType[]];

export type NestingMode = "single" | "list" | "set" | "map";

export interface TerraformAttribute {
  readonly type?: CtyType;
  /** In place of `type`. */
  readonly nested_type?: { readonly attributes: TerraformAttributes; readonly nesting_mode: NestingMode };
  readonly description: string;
  readonly description_kind: "markdown";
  readonly required?: true;
  readonly optional?: true;
  readonly computed?: true;
  readonly sensitive?: true;
}
export type TerraformAttributes = Readonly<Record<string, TerraformAttribute>>;

export interface TerraformSchema {
  readonly version: number;
  readonly block: { readonly attributes: TerraformAttributes; readonly description: string; readonly description_kind: "markdown" };
}

export interface TerraformProviderSchema {
  readonly provider: TerraformSchema;
  readonly resource_schemas: Readonly<Record<string, TerraformSchema>>;
  readonly data_source_schemas: Readonly<Record<string, TerraformSchema>>;
}

/** How a value comes about: `given` by the configuration, or `found` by the provider. */
type Origin = "given" | "found";

/** Names of properties as they are written in HCL: `` `ipAddressId` `` → `` `ip_address_id` ``. */
const inSnakeCase = (text: string): string => text.replace(/`([a-z]+(?:[A-Z][a-z0-9]*)+)((?:\.[a-zA-Z]+)*)`/g, (_, name: string, rest: string) => `\`${snakeCase(name)}${snakeCase(rest)}\``);

function describe(property: Property, change: Change | undefined): string {
  const parts = [inSnakeCase(property.description)];
  if (property.unit !== undefined) parts.push(`Unit: ${property.unit}.`);
  if (property.type === "string" && property.enum !== undefined) parts.push(`One of ${property.enum.map((value) => `\`${value}\``).join(", ")}.`);
  if (change === "replace") parts.push("A change replaces the resource.");
  if (property.notYet !== undefined) parts.push(`Not yet: ${property.notYet.reason}.`);
  const fallback = property.default === undefined ? property.otherwise : `\`${JSON.stringify(property.default)}\``;
  if (fallback !== undefined) parts.push(`When left out: ${inSnakeCase(fallback)}.`);
  if (property.environment !== undefined) parts.push(`Environment: ${property.environment.map((name) => `\`${name}\``).join(", ")}.`);
  return parts.join(" ");
}

/** Nothing inside is an object: then it is a type, else it has to be nested attributes. */
function plainType(property: Property): CtyType | undefined {
  switch (property.type) {
    case "string":
      return "string";
    case "integer":
      return "number";
    case "boolean":
      return "bool";
    case "list": {
      const items = plainType(property.items);
      return items && (property.set ? ["set", items] : ["list", items]);
    }
    case "map": {
      const values = plainType(property.values);
      return values && ["map", values];
    }
    case "object":
      return undefined;
  }
}

function nested(property: Property, origin: Origin, change: Change | undefined): TerraformAttribute["nested_type"] {
  const inside = (inner: Property, nesting_mode: NestingMode): TerraformAttribute["nested_type"] => {
    if (inner.type !== "object") throw new RangeError(`${property.type} of ${inner.type} of objects can't be declared to Terraform`);
    return { attributes: attributesOf(inner.properties, origin, change, snakeCase), nesting_mode };
  };
  if (property.type === "list") return inside(property.items, property.set ? "set" : "list");
  return property.type === "map" ? inside(property.values, "map") : inside(property, "single");
}

function attributeOf(property: Property, origin: Origin, outer: Change | undefined): TerraformAttribute {
  const change = outer === undefined ? undefined : effectiveChange(property, outer);
  const type = plainType(property);
  // A default is filled in by the plan, where it is seen.
  const how = origin === "found" ? { computed: true as const } : property.required ? { required: true as const } : { optional: true as const, ...(property.default === undefined ? {} : { computed: true as const }) };
  return {
    ...(type === undefined ? { nested_type: nested(property, origin, change) } : { type }),
    description: describe(property, origin === "given" && outer !== undefined ? change : undefined),
    description_kind: "markdown",
    ...how,
    ...(property.secret ? { sensitive: true as const } : {}),
  };
}

const attributesOf = (properties: Properties, origin: Origin, change: Change | undefined, name: (name: string) => string): TerraformAttributes =>
  Object.fromEntries(Object.entries(properties).map(([each, property]) => [name(each), attributeOf(property, origin, change)]));

/** What is both is as it is given; of a data source, which is asked for some, what is left out is found. */
function both(given: TerraformAttributes, found: TerraformAttributes, isFilledIn: boolean): TerraformAttributes {
  const merged: Record<string, TerraformAttribute> = { ...found };
  for (const [name, attribute] of Object.entries(given)) merged[name] = isFilledIn && !attribute.required && Object.hasOwn(found, name) ? { ...attribute, computed: true } : attribute;
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Declared {
  readonly description: string;
  readonly inputs: Properties;
  readonly outputs?: Properties;
}

/** @param change how inputs change; undefined where nothing is kept that could */
function schemaOf({ description, inputs, outputs = {} }: Declared, change: Change | undefined): TerraformSchema {
  const attributes = both(attributesOf(inputs, "given", change, inputAttribute), attributesOf(outputs, "found", undefined, snakeCase), change === undefined);
  return { version: 0, block: { attributes, description: inSnakeCase(description), description_kind: "markdown" } };
}

/** Pure: the same declarations give the same schema. */
export function terraformSchema(): TerraformProviderSchema {
  return {
    provider: schemaOf(terraformProvider, undefined),
    resource_schemas: Object.fromEntries(terraformResources.map((resource) => [resource.type, schemaOf(resource, "update")])),
    data_source_schemas: Object.fromEntries(terraformDataSources.map((source) => [source.type, schemaOf(source, undefined)])),
  };
}

/** All of what `terraform providers schema -json` prints of this provider. */
export const terraformSchemaFile = (): string => `${JSON.stringify({ format_version: "1.0", provider_schemas: { [providerAddress]: terraformSchema() } }, undefined, 2)}\n`;
