/**
 * TypeScript interfaces out of declarations, in five flavours:
 * `plain` as a program writes it, `checked` after check has filled in defaults, `args` with `pulumi.Input` around everything, `construct`
 * with what CDKTF takes (a token is a text or a number there, and an `IResolvable` where it can be neither), `output`.
 */
import { effectiveChange } from "../change-rule";
import type { Change, ObjectProperty, Properties, Property } from "../property";
import { docComment, docLines, literal } from "./docs";

export type Flavour = "plain" | "checked" | "args" | "construct" | "output";

const prefixes: Readonly<Record<Flavour, string>> = { plain: "", checked: "Checked", args: "", construct: "", output: "" };
const suffixes: Readonly<Record<Flavour, string>> = { plain: "", checked: "", args: "Args", construct: "Args", output: "" };

export function always(property: Property, flavour: Flavour): boolean {
  if (flavour === "output") return property.required !== false;
  if (flavour === "checked") return property.required === true || property.default !== undefined;
  if (flavour === "args" || flavour === "construct") return property.required === true && property.filledBySdk === undefined;
  return property.required === true;
}

/** Whether check changes anything inside: if not, one type serves both flavours. */
function hasDefaultsInside(property: Property): boolean {
  if (property.type === "list") return hasDefaultsInside(property.items);
  if (property.type === "map") return hasDefaultsInside(property.values);
  if (property.type !== "object") return false;
  return Object.values(property.properties).some((inner) => inner.default !== undefined || hasDefaultsInside(inner));
}

export function typeNameOf(property: ObjectProperty, flavour: Flavour): string {
  const used = flavour === "checked" && !hasDefaultsInside(property) ? "plain" : flavour;
  return `${prefixes[used]}${property.typeName}${suffixes[used]}`;
}

/** A collection of plain values can itself be a token in CDKTF; one of objects needs a type for it. */
const orToken = (inside: Property, collection: string): string => (inside.type === "object" ? `${collection} | cdktf.IResolvable` : collection);

function typeOf(property: Property, flavour: Flavour): string {
  const input = (text: string): string => (flavour === "args" ? `pulumi.Input<${text}>` : text);
  switch (property.type) {
    case "string":
      return property.enum === undefined ? "string" : property.enum.map(literal).join(" | ");
    case "integer":
      return "number";
    case "boolean":
      return flavour === "construct" ? "boolean | cdktf.IResolvable" : "boolean";
    case "list": {
      const item = input(typeOf(property.items, flavour));
      if (flavour === "construct") return orToken(property.items, `${item}[]`);
      // What an output or a data source gives is one that nobody may write to: it has to fit in as it is.
      if (flavour === "args") return `readonly ${item}[]`;
      return item.includes(" ") && !item.includes("<") ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case "map": {
      const record = `Record<string, ${input(typeOf(property.values, flavour))}>`;
      if (flavour === "construct") return orToken(property.values, record);
      return flavour === "args" ? record : `Readonly<${record}>`;
    }
    case "object":
      return typeNameOf(property, flavour);
  }
}

function member(name: string, property: Property, flavour: Flavour, outer: Change | undefined): string {
  const type = typeOf(property, flavour);
  // What check gives back is read by handlers only: the whole story stands with the plain type.
  const doc = docComment(flavour === "checked" ? [property.description] : docLines(property, outer), "  ");
  return `${doc}\n  readonly ${name}${always(property, flavour) ? "" : "?"}: ${flavour === "args" ? `pulumi.Input<${type}>` : type};`;
}

interface Base {
  readonly name: string;
  readonly properties: Properties;
}

/** Collects the interfaces of a file; each name once, parts before what uses them. */
export class Interfaces {
  private readonly texts = new Map<string, string>();

  /** `base`: an interface that is there already and has the properties that are the same ones. */
  add(name: string, description: string, properties: Properties, flavour: Flavour, outer?: Change, base?: Base): void {
    if (this.texts.has(name)) return;
    const around = flavour === "output" ? undefined : (outer ?? "update");
    for (const property of Object.values(properties)) this.parts(property, flavour, around);
    const extending = base !== undefined && Object.entries(base.properties).every(([inner, property]) => properties[inner] === property) ? base : undefined;
    const own = Object.entries(properties).filter(([inner]) => extending === undefined || !Object.hasOwn(extending.properties, inner));
    const members = own.map(([inner, property]) => member(inner, property, flavour, around));
    this.texts.set(name, `${docComment([description], "")}\nexport interface ${name}${extending === undefined ? "" : ` extends ${extending.name}`} {\n${members.join("\n")}\n}`);
  }

  private parts(property: Property, flavour: Flavour, outer: Change | undefined): void {
    const inside = outer === undefined ? undefined : effectiveChange(property, outer);
    if (property.type === "list") this.parts(property.items, flavour, inside);
    else if (property.type === "map") this.parts(property.values, flavour, inside);
    else if (property.type === "object") {
      const name = typeNameOf(property, flavour);
      const description = flavour === "checked" && name !== property.typeName ? `${property.description} Defaults filled in.` : property.description;
      this.add(name, description, property.properties, flavour, inside);
    }
  }

  /** A table of types by name. */
  table(name: string, description: string, types: Readonly<Record<string, string>>): void {
    this.texts.set(name, `${docComment([description], "")}\nexport interface ${name} {\n${Object.entries(types).map(([key, type]) => `  readonly ${key}: ${type};`).join("\n")}\n}`);
  }

  toString(): string {
    return [...this.texts.values()].join("\n\n") + "\n";
  }
}
