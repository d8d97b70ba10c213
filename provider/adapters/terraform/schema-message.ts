/** The schema as the protocol carries it. */
import type { TerraformAttribute, TerraformAttributes, TerraformSchema } from "../../../schema/terraform-schema";
import { nesting, stringKind, type AttributeMessage, type SchemaMessage } from "./protocol";

const modes = { single: nesting.SINGLE, list: nesting.LIST, set: nesting.SET, map: nesting.MAP } as const;

const attributes = (all: TerraformAttributes): AttributeMessage[] => Object.entries(all).map(([name, attribute]) => attributeMessage(name, attribute));

function attributeMessage(name: string, { type, nested_type: nested, description, required, optional, computed, sensitive }: TerraformAttribute): AttributeMessage {
  return {
    name,
    ...(nested === undefined ? { type: Buffer.from(JSON.stringify(type)) } : { nested_type: { attributes: attributes(nested.attributes), nesting: modes[nested.nesting_mode] } }),
    description,
    description_kind: stringKind.MARKDOWN,
    required: required === true,
    optional: optional === true,
    computed: computed === true,
    sensitive: sensitive === true,
  };
}

export const schemaMessage = ({ version, block }: TerraformSchema): SchemaMessage => ({
  version,
  block: { version, attributes: attributes(block.attributes), description: block.description, description_kind: stringKind.MARKDOWN },
});
