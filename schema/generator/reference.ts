/** `generated/reference.md`: every resource and property, for people. */
import { capabilities } from "../capability";
import { effectiveChange } from "../change-rule";
import { notYet } from "../not-yet";
import type { Change, Management, Properties, Property } from "../property";
import type { DataSource } from "../data-source";
import type { Resource } from "../resource";
import { literal } from "./docs";

const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");
const code = (text: string): string => `\`${text}\``;

/** As the page's own anchors are made of headings. */
const anchor = (heading: string): string => heading.toLowerCase().replace(/[^a-z0-9 -]/g, "").replace(/ /g, "-");

function typeText(property: Property): string {
  switch (property.type) {
    case "string":
      return property.enum === undefined ? "text" : property.enum.map((value) => code(value)).join(", ");
    case "integer":
      return property.minimum !== undefined && property.maximum !== undefined ? `whole number, ${property.minimum} to ${property.maximum}` : "whole number";
    case "boolean":
      return "true or false";
    case "list":
      return `${property.set ? "set" : "list"} of ${typeText(property.items)}`;
    case "map":
      return `map of ${typeText(property.values)}`;
    case "object":
      return `[${property.typeName}](#${anchor(property.typeName)})`;
  }
}

function able(property: Property): string {
  const managements: readonly Management[] = ["core", "mold"];
  const can = managements.filter((management) => (property.managements?.[management] ?? true) === true);
  return can.length === managements.length ? "both" : can.map(code).join(", ");
}

function later(property: Property): string {
  if (property.notYet !== undefined) return property.notYet.values === undefined ? "yes" : property.notYet.values.map((value) => code(String(value))).join(", ");
  return "";
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`)].join("\n");

function inputTable(properties: Properties, outer: Change, isCluster: boolean): string {
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    typeText(property),
    property.unit ?? "",
    property.default !== undefined ? code(literal(property.default)) : (property.filledBySdk ?? property.otherwise ?? ""),
    property.required && property.filledBySdk === undefined ? "yes" : "",
    effectiveChange(property, outer),
    property.secret ? "yes" : "",
    ...(isCluster ? [able(property)] : []),
    ...(comesLater ? [later(property)] : []),
    property.description + (property.example === undefined || property.secret ? "" : ` Example: ${code(literal(property.example))}`),
  ]);
  return table(["Property", "Type", "Unit", "Default", "Required", "Change", "Secret", ...(isCluster ? ["Management"] : []), ...(comesLater ? ["Not yet"] : []), "Description"], rows);
}

const configTable = (properties: Properties): string =>
  table(
    ["Property", "Type", "Unit", "Default", "Required", "Secret", "Environment", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(`ablestack:${name}`),
      typeText(property),
      property.unit ?? "",
      property.default !== undefined ? code(literal(property.default)) : (property.otherwise ?? ""),
      property.required ? "yes" : "",
      property.secret ? "yes" : "",
      (property.environment ?? []).map(code).join(", "),
      property.description + (property.example === undefined || property.secret ? "" : ` Example: ${code(literal(property.example))}`),
    ]),
  );

const outputTable = (properties: Properties): string =>
  table(
    ["Output", "Type", "Unit", "Secret", "Stays", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeText(property),
      property.unit ?? "",
      property.secret ? "yes" : "",
      property.stable ? "yes" : "",
      property.description + (property.example === undefined || property.secret ? "" : ` Example: ${code(literal(property.example))}`),
    ]),
  );

/** Objects inside properties, each once, outer ones first. */
function parts(properties: Properties, outer: Change, found: Map<string, { properties: Properties; description: string; outer: Change }>): typeof found {
  for (const property of Object.values(properties)) part(property, effectiveChange(property, outer), found);
  return found;
}
function part(property: Property, change: Change, found: Parameters<typeof parts>[2]): void {
  if (property.type === "list") part(property.items, change, found);
  else if (property.type === "map") part(property.values, change, found);
  else if (property.type === "object" && !found.has(property.typeName)) {
    found.set(property.typeName, { properties: property.properties, description: property.description, outer: change });
    parts(property.properties, change, found);
  }
}

function resourceSection(resource: Resource): string {
  if (resource.kind === "config") return [`## ${resource.name}`, resource.description, configTable(resource.inputs)].join("\n\n");
  const isCluster = resource.name === "KubernetesCluster";
  const example = JSON.stringify(resource.example, undefined, 2).replace(/"([A-Za-z]\w*)":/g, "$1:");
  const text = [`## ${resource.name}`, resource.description, `\`\`\`ts\nnew ablestack.${resource.name}("example", ${example});\n\`\`\``, `### Inputs of ${resource.name}`, inputTable(resource.inputs, "update", isCluster)];
  for (const [name, inner] of parts(resource.inputs, "update", new Map())) text.push(`### ${name}`, inner.description, inputTable(inner.properties, inner.outer, isCluster));
  text.push(`### Outputs of ${resource.name}`, outputTable(resource.outputs));
  for (const [name, inner] of parts(resource.outputs, "update", new Map())) text.push(`### ${name}`, inner.description, outputTable(inner.properties));
  return text.join("\n\n");
}

function internalSection(resource: Resource): string {
  const names = Object.keys(resource.inputs).map(code).join(", ");
  return [`### ${resource.name}`, resource.description, `Inputs: ${names}.`, outputTable(resource.outputs)].join("\n\n");
}

function capabilitySection(): string {
  const differing = capabilities.filter((row) => row.core !== true || row.mold !== true);
  const show = (value: true | string): string => (value === true ? "yes" : `no: ${value}`);
  const rows = differing.map((row) => [row.kind === "property" ? code(row.subject) : row.subject, show(row.core), show(row.mold)]);
  return ["## What each management can do", "Everything that is not here, both can.", table(["Property or operation", "`core`", "`mold`"], rows)].join("\n\n");
}

const comesLater = Object.keys(notYet).length > 0;

const notYetSection = (): string =>
  [
    "## Not yet",
    comesLater ? "Declared, and refused at check until the release that brings it. `=value` is one value of a property." : "Nothing: all that is declared is there.",
    ...(comesLater ? [table(["What", "Why"], Object.entries(notYet).map(([path, reason]) => [code(path), reason]))] : []),
  ].join("\n\n");

const argumentTable = (properties: Properties): string =>
  table(
    ["Argument", "Type", "Default", "Required", "Secret", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeText(property),
      property.default !== undefined ? code(literal(property.default)) : (property.otherwise ?? ""),
      property.required ? "yes" : "",
      property.secret ? "yes" : "",
      property.description + (property.example === undefined || property.secret ? "" : ` Example: ${code(literal(property.example))}`),
    ]),
  );

const answerTable = (properties: Properties): string =>
  table(
    ["Answer", "Type", "Unit", "Always", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeText(property),
      property.unit ?? "",
      property.required === false ? "" : "yes",
      property.description + (property.example === undefined ? "" : ` Example: ${code(literal(property.example))}`),
    ]),
  );

/** @param told parts that stand on the page already */
function dataSourceSection({ name, description, inputs, outputs, example }: DataSource, told: Set<string>): string {
  const given = JSON.stringify(example, undefined, 1).replace(/"([A-Za-z]\w*)":/g, "$1:").replace(/\s*\n\s*/g, " ");
  const text = [`### ${name}`, description, `\`\`\`ts\nconst found = await ablestack.${name}(${given});\n\`\`\``, argumentTable(inputs), answerTable(outputs)];
  for (const [part, inner] of parts(outputs, "update", new Map())) {
    if (told.has(part)) continue;
    told.add(part);
    text.push(`#### ${part}`, inner.description, answerTable(inner.properties));
  }
  return text.join("\n\n");
}

function dataSourcesSection(sources: readonly DataSource[]): string {
  const told = new Set<string>();
  return [
    "## Data sources",
    "Functions that ask Mold and change nothing. Each has an `Output` form (`getEventsOutput`) whose arguments may be outputs of resources; it asks once they are known. An answer is of its moment.",
    ...sources.map((source) => dataSourceSection(source, told)),
  ].join("\n\n");
}

export function referenceFile(all: readonly Resource[], sources: readonly DataSource[]): string {
  return (
    [
      "<!-- Generated by schema/generate.ts out of the declarations in schema/. Don't edit: run `npm run generate`. -->",
      "# Reference",
      "**Change**: `update` is made in place, `replace` makes a new resource in place of the old. **Stays**: the output is the same whatever changes in place.",
      ...all.filter((resource) => resource.kind !== "internal").map(resourceSection),
      dataSourcesSection(sources),
      capabilitySection(),
      notYetSection(),
      "## Inside",
      "A KubernetesCluster is made of three resources that programs don't declare; they show in the engine's output.",
      ...all.filter((resource) => resource.kind === "internal").map(internalSection),
    ].join("\n\n") + "\n"
  );
}
