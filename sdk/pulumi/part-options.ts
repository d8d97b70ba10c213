import type * as pulumi from "@pulumi/pulumi";

/**
 * The options of a resource beneath a component. `protect`, `provider`, aliases and transforms come down from the component by themselves. These don't
 * with every engine: what is to stay would be destroyed, and what is not to be changed would be.
 */
export function partOptions(parent: pulumi.Resource, { retainOnDelete, deletedWith }: pulumi.ComponentResourceOptions = {}): pulumi.CustomResourceOptions {
  return { parent, ...(retainOnDelete === undefined ? {} : { retainOnDelete }), ...(deletedWith === undefined ? {} : { deletedWith }) };
}

/** Of a part that has the component's arguments among its inputs. Paths that lead elsewhere are left out: older engines take them for mistakes. */
export function ignoring({ ignoreChanges = [] }: pulumi.ComponentResourceOptions = {}, inputs?: Readonly<Record<string, unknown>>): Pick<pulumi.CustomResourceOptions, "ignoreChanges"> {
  const paths = ignoreChanges.filter((path) => inputs === undefined || path === "*" || Object.hasOwn(inputs, /^[["]*([^.[\]"]*)/.exec(path)![1]!));
  return paths.length === 0 ? {} : { ignoreChanges: paths };
}
