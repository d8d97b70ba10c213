/** What a plan shows of an object, out of its configuration and what check made of it. Pure. */
import type { TerraformAttribute, TerraformAttributes } from "../../../schema/terraform-schema";
import { isUnknown } from "../../handlers/handler";
import { isObjectValue, type ObjectValue, type Value } from "./value";

/**
 * The configured value, with what check has filled in where nothing is configured and the provider may say. What is configured stays
 * as it is, or Terraform refuses the plan.
 */
function filled({ nested_type: nested, computed }: TerraformAttribute, configured: Value, checked: Value): Value {
  if (configured === null) return computed ? checked : null;
  if (nested === undefined || isUnknown(configured)) return configured;
  const inside = (value: Value, from: Value | undefined): Value => (isObjectValue(value) ? filledIn(nested.attributes, value, isObjectValue(from) ? from : {}) : value);
  if (nested.nesting_mode === "single") return inside(configured, checked);
  if (Array.isArray(configured)) {
    const items: readonly Value[] = Array.isArray(checked) ? (checked as readonly Value[]) : [];
    return (configured as readonly Value[]).map((item, index) => inside(item, items[index]));
  }
  return isObjectValue(configured) ? Object.fromEntries(Object.entries(configured).map(([key, value]) => [key, inside(value, isObjectValue(checked) ? checked[key] : undefined)])) : configured;
}

/** @param attributes those of inputs; others are left out of the answer */
export const filledIn = (attributes: TerraformAttributes, configured: ObjectValue, checked: ObjectValue): ObjectValue =>
  Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, filled(attribute, configured[name] ?? null, checked[name] ?? null)]));
