/**
 * A rule is told from the others of its owner by its resource's name: two of one name at one place would be one and the same, and each would undo
 * the other, run after run. Terraform doesn't say which resource of a configuration it asks for, and to Pulumi children of two components may have
 * one name. What was declared and made in this process is remembered, so that the second is refused.
 */
import { isDeepStrictEqual } from "node:util";
import { hasUnknown, type CheckFailure, type Declared, type Session } from "./handler";

type Inputs = Readonly<Record<string, unknown>>;

const failure = (name: string, type: string): CheckFailure => ({
  property: "name",
  reason: `another ${type} of this configuration is called ${JSON.stringify(name)} as well, at the same place. Its name tells a rule from the owner's others: give one of the two another name`,
});

export class NamesInUse {
  private readonly planned = new Map<string, Inputs>();
  private readonly made = new Set<string>();

  private key(type: string, owner: string, { name, kind, cluster, ipAddressId, networkId, aclId, connection }: Inputs): string | undefined {
    const place = [connection, cluster, ipAddressId, networkId, aclId];
    return hasUnknown([name, kind, place]) ? undefined : JSON.stringify([type, owner, name, kind, place]);
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

const sessions = new WeakMap<Session, NamesInUse>();

/** Of a rule's check, as an engine asks it once for each: what was declared before in this session under its name, and otherwise. */
export function claimName(session: Session, type: "NetworkRule" | "LoadBalancer", { declaredBy: { owner, resource }, ...inputs }: Declared): CheckFailure[] {
  const names = sessions.get(session) ?? new NamesInUse();
  sessions.set(session, names);
  return names.plan(type, owner, { ...inputs, name: resource, label: (inputs as Inputs).name });
}
