/**
 * Terraform doesn't say which resource of a configuration it asks for: two rules of one name at one place would be one and the same,
 * and each would undo the other. What was planned and made in this process is remembered, so that the second is refused.
 */
import { isDeepStrictEqual } from "node:util";
import { hasUnknown, type CheckFailure } from "../../handlers/handler";
import type { Inputs } from "./kinds";

const failure = (name: string, type: string): CheckFailure => ({
  property: "name",
  reason: `another ${type} of this configuration is called ${JSON.stringify(name)} as well, at the same place. Its name tells a rule from the owner's others: give one of the two another name`,
});

export class NamesInUse {
  private readonly planned = new Map<string, Inputs>();
  private readonly made = new Set<string>();

  private key(type: string, owner: string, { name, cluster, ipAddressId, networkId, aclId, connection }: Inputs): string | undefined {
    const place = [connection, cluster, ipAddressId, networkId, aclId];
    return hasUnknown([name, place]) ? undefined : JSON.stringify([type, owner, name, place]);
  }

  plan(type: string, owner: string, inputs: Inputs): CheckFailure[] {
    const key = this.key(type, owner, inputs);
    if (key === undefined || hasUnknown(inputs)) return [];
    const other = this.planned.get(key);
    if (other !== undefined && !isDeepStrictEqual(other, inputs)) return [failure(String(inputs.name), type)];
    this.planned.set(key, inputs);
    return [];
  }

  make(type: string, owner: string, inputs: Inputs): CheckFailure[] {
    const key = this.key(type, owner, inputs)!;
    if (this.made.has(key)) return [failure(String(inputs.name), type)];
    this.made.add(key);
    return [];
  }

  forget(type: string, owner: string, inputs: Inputs): void {
    this.made.delete(this.key(type, owner, inputs)!);
  }
}
