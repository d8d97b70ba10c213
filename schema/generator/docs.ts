/** The words about a property that are the same in every generated file. */
import { effectiveChange } from "../change-rule";
import type { Change, Property } from "../property";

export const literal = (value: unknown): string => JSON.stringify(value);

/** The lines of a property's doc comment, without the stars. */
export function docLines(property: Property, outer: Change | undefined): string[] {
  const lines = [property.description];
  if (property.unit !== undefined) lines.push(`Unit: ${property.unit}.`);
  if (outer !== undefined && effectiveChange(property, outer) === "replace") lines.push("A change replaces the resource.");
  if (property.secret) lines.push("Secret.");
  if (property.notYet !== undefined) lines.push(`Not yet: ${property.notYet.reason}.`);
  const fallback = property.default !== undefined ? literal(property.default) : property.filledBySdk ?? property.otherwise;
  if (fallback !== undefined) lines.push(`@default ${fallback}`);
  if (property.example !== undefined && !property.secret) lines.push(`@example ${literal(property.example)}`);
  return lines;
}

/** Nothing in a text may end the comment it stands in. */
const harmless = (line: string): string => line.replace(/\*\//g, "*\\/");

export function docComment(lines: readonly string[], indent: string): string {
  if (lines.length === 1) return `${indent}/** ${harmless(lines[0] ?? "")} */`;
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${harmless(line)}`), `${indent} */`].join("\n");
}
