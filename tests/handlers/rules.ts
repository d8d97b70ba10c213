/** Rules as an engine would make, look at, change and unmake them. */
import { checkInputs } from "../../schema/check";
import { loadBalancer } from "../../provider/handlers/load-balancer";
import { networkRule } from "../../provider/handlers/network-rule";
import type { DiffResult, Handler, State } from "../../provider/handlers/handler";
import type { Run } from "../core/world/cloud";
import { owner } from "../core/world/cluster";

type AnyRule = Handler<{ readonly declaredBy: { readonly owner: string; readonly resource: string } }, Readonly<Record<string, unknown>>>;
type Inputs = Parameters<AnyRule["create"]>[1];

/** One declared rule, and what an engine has recorded of it. */
export class DeclaredRule {
  recorded: { id: string; state: State<Inputs, Readonly<Record<string, unknown>>> } | undefined;

  private constructor(
    private readonly handler: AnyRule,
    readonly kind: "NetworkRule" | "LoadBalancer",
    readonly name: string,
    private declaredOwner: string,
    public declaration: Readonly<Record<string, unknown>>,
  ) {}

  static networkRule(name: string, declaration: Readonly<Record<string, unknown>>): DeclaredRule {
    return new DeclaredRule(networkRule as unknown as AnyRule, "NetworkRule", name, owner, declaration);
  }

  static loadBalancer(name: string, declaration: Readonly<Record<string, unknown>>): DeclaredRule {
    return new DeclaredRule(loadBalancer as unknown as AnyRule, "LoadBalancer", name, owner, { name, ...declaration });
  }

  get inputs(): Inputs {
    const { inputs, failures } = checkInputs(this.kind, this.declaration);
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    return { ...inputs, declaredBy: { owner: this.declaredOwner, resource: this.name } } as unknown as Inputs;
  }

  get outputs(): Readonly<Record<string, unknown>> {
    return this.recorded!.state.outputs;
  }

  declare(changes: Readonly<Record<string, unknown>>): this {
    this.declaration = { ...this.declaration, ...changes };
    return this;
  }

  /** Another stack's. */
  by(declaredOwner: string): this {
    this.declaredOwner = declaredOwner;
    return this;
  }

  diff(run: Run): Promise<DiffResult> {
    return this.handler.diff(run.session, this.recorded!.id, this.recorded!.state, this.inputs);
  }

  /** What an engine does on `up`: create, change in place, or delete and create. */
  async up(run: Run): Promise<void> {
    const { inputs } = this;
    if (this.recorded) {
      const { changes, replaces } = await this.diff(run);
      run.throwIfKilled();
      if (!changes) return;
      if (replaces.length > 0) await this.destroy(run);
    }
    const { recorded } = this;
    if (recorded) {
      const { outputs } = await this.handler.update(run.session, recorded.id, recorded.state, inputs);
      run.throwIfKilled();
      this.recorded = { id: recorded.id, state: { inputs, outputs } };
      return;
    }
    try {
      const { id, outputs } = await this.handler.create(run.session, inputs);
      run.throwIfKilled();
      this.recorded = { id, state: { inputs, outputs } };
    } catch (error) {
      run.throwIfKilled();
      const partial = error as { name?: string; id?: string; outputs?: Readonly<Record<string, unknown>> };
      if (partial.name === "PartialFailure") this.recorded = { id: partial.id!, state: { inputs, outputs: partial.outputs! } };
      throw error;
    }
  }

  async read(run: Run): Promise<boolean> {
    const found = await this.handler.read(run.session, this.recorded!.id, this.recorded!.state);
    if (!found) this.recorded = undefined;
    else this.recorded = { id: found.id, state: { ...this.recorded!.state, outputs: found.outputs } };
    return found !== undefined;
  }

  async destroy(run: Run): Promise<void> {
    await this.handler.delete(run.session, this.recorded!.id, this.recorded!.state);
    run.throwIfKilled();
    this.recorded = undefined;
  }
}

