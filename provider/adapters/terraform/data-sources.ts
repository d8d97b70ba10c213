/** Terraform's data sources, read by the same readers as any other engine's. */
import { checkArguments } from "../../../schema/check";
import { terraformDataSources, type TerraformDataSource } from "../../../schema/terraform-resources";
import { hasUnknown, type CheckFailure, type Session } from "../../handlers/handler";
import { readers } from "../../handlers/data-sources";
import type { Inputs } from "./kinds";

export interface DataSourceKind {
  readonly of: TerraformDataSource;
  readonly validate: (given: Inputs) => readonly CheckFailure[];
  readonly read: (session: Session, given: Inputs) => Promise<{ readonly inputs: Inputs; readonly outputs: Inputs }>;
}

const kindOf = (of: TerraformDataSource): DataSourceKind => ({
  of,
  // A data source is checked for good when all of it is known: it is not read before.
  validate: (given) => checkArguments(of.dataSource, Object.fromEntries(Object.entries(given).filter(([, value]) => !hasUnknown(value)))).failures.filter(({ property }) => !hasUnknown(given[property])),
  async read(session, given) {
    const { inputs } = checkArguments(of.dataSource, given);
    const outputs = (await readers[of.dataSource](session, given as never)) as unknown as Inputs;
    return { inputs: inputs as unknown as Inputs, outputs };
  },
});

export const dataSourceKinds: ReadonlyMap<string, DataSourceKind> = new Map(terraformDataSources.map((of) => [of.type, kindOf(of)]));
