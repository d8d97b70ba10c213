/** The recorded command catalogue as data: what parameters a command takes. Nothing of the client is shared but this file. */
import recorded from "../mold/catalogue/apis.json";

export interface CatalogueParam {
  readonly type: "string" | "boolean" | "integer" | "uuid" | "map" | "list" | "long" | "date";
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly since?: string;
}

export type CatalogueField = string | readonly [kind: string, of: Readonly<Record<string, unknown>>];

export interface CatalogueCommand {
  readonly async: boolean;
  readonly params: Readonly<Record<string, CatalogueParam>>;
  readonly response: Readonly<Record<string, CatalogueField>>;
}

const commands = recorded as unknown as Readonly<Record<string, CatalogueCommand>>;
const byLowerCase = new Map(Object.keys(commands).map((name) => [name.toLowerCase(), name]));

/** The command with its name as recorded; Mold takes any case. */
export function catalogued(name: string): { readonly name: string; readonly command: CatalogueCommand } | undefined {
  const recordedName = byLowerCase.get(name.toLowerCase());
  const command = recordedName === undefined ? undefined : commands[recordedName];
  return recordedName === undefined || command === undefined ? undefined : { name: recordedName, command };
}
