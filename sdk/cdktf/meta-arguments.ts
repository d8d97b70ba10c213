import type { TerraformMetaArguments } from "cdktf";

/**
 * What Terraform itself takes with every resource: `dependsOn`, `provider`, `lifecycle` and so on. Not `connection`, by which Terraform
 * means a way into a machine for provisioners: that name is here for the Mold that a resource is on, as everywhere in this package.
 */
export type MetaArguments = Omit<TerraformMetaArguments, "connection">;

/** Of what is more than one resource of Terraform's: to declare several, make several constructs. */
export type ComposedMetaArguments = Omit<MetaArguments, "count" | "forEach">;
