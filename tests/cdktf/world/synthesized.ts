/** A program's run without Terraform: what it declares, as it goes into the stack's JSON. */
import type * as Constructs from "../../../sdk/cdktf";
import type * as Cdktf from "cdktf";
import type * as Structure from "constructs";

export type Engine = "cdktf" | "cdktn";
export const engines: readonly Engine[] = ["cdktf", "cdktn"];

/** What a program imports. */
export interface Imports {
  readonly cdktf: typeof Cdktf;
  readonly constructs: typeof Structure;
  readonly sdk: typeof Constructs;
}

type Attributes = Readonly<Record<string, unknown>>;

export interface Synthesized<T> {
  readonly result: T;
  readonly text: string;
  /** Type and `name` of every resource: `network_rule ha-http`. */
  readonly declared: readonly string[];
  readonly output: Readonly<Record<string, { readonly value: unknown; readonly sensitive?: boolean }>>;
  /** By type and `name`. */
  find(what: string): Attributes;
  /** The address in the state, of the same. */
  addressOf(what: string): string;
}

/** The same sources over the one package or the other, as the build makes two of them. */
export function imports(engine: Engine): Imports {
  jest.resetModules();
  if (engine === "cdktn") jest.doMock("cdktf", () => jest.requireActual<typeof Cdktf>("cdktn"));
  else jest.dontMock("cdktf");
  return { cdktf: jest.requireActual<typeof Cdktf>(engine), constructs: jest.requireActual<typeof Structure>("constructs"), sdk: jest.requireActual<typeof Constructs>("../../../sdk/cdktf") };
}

/** Runs what a program does with a stack, with a provider in it already. */
export function synthesized<T>({ cdktf, sdk }: Imports, program: (stack: Cdktf.TerraformStack) => T): Synthesized<T> {
  const stack = new cdktf.TerraformStack(cdktf.Testing.app(), "shop");
  new sdk.AblestackProvider(stack, "ablestack", { owner: "acme/shop/dev" });
  const result = program(stack);
  const text = cdktf.Testing.synth(stack, true);
  const { resource = {}, output = {} } = JSON.parse(text) as { resource?: Record<string, Record<string, Attributes>>; output?: Synthesized<T>["output"] };
  const found = Object.entries(resource).flatMap(([type, byId]) =>
    Object.entries(byId).map(([id, attributes]) => ({ what: `${type.replace(/^ablestack_/, "")} ${String(attributes.name)}`, address: `${type}.${id}`, attributes })),
  );
  const one = (what: string): (typeof found)[number] => {
    const [first, ...more] = found.filter((each) => each.what === what);
    if (first === undefined || more.length > 0) throw new Error(`${what} is declared ${more.length === 0 ? "never" : "more than once"}; there are ${found.map((each) => each.what).join(", ")}`);
    return first;
  };
  return { result, text, output, declared: found.map(({ what }) => what), find: (what) => one(what).attributes, addressOf: (what) => one(what).address };
}
