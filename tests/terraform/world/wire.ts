/** One gRPC server for many commands, each with a provider and a cloud of its own. */
import { credentials, type Client } from "@grpc/grpc-js";
import { callNames, type CallName } from "../../../provider/adapters/terraform/protocol";
import type { TerraformProvider } from "../../../provider/adapters/terraform/provider";
import { serve, type Serving } from "../../../provider/adapters/terraform/server";
import type { Calls } from "./core";
import { ask, tfplugin6, type Message } from "./over-grpc";

type Run = <T>(work: Promise<T>) => Promise<T>;

/** A server behind which each command has a provider of its own: Terraform starts a process for each. */
export class Wire {
  private provider: TerraformProvider | undefined;
  private run: Run = (work) => work;

  private constructor(
    private readonly serving: Serving,
    private readonly client: Client,
  ) {}

  static async open(): Promise<Wire> {
    const behind: { wire?: Wire } = {};
    const call =
      (name: CallName) =>
      (request: never): Promise<unknown> => behind.wire!.answer(name, request);
    const provider = Object.fromEntries(callNames.map((name) => [name, call(name)])) as unknown as TerraformProvider;
    const serving = await serve({ provider, ports: { from: 0, to: 0 }, onShutdown: () => undefined });
    behind.wire = new Wire(serving, new tfplugin6.Provider(serving.address, credentials.createInsecure()));
    return behind.wire;
  }

  private answer(name: CallName, request: never): Promise<unknown> {
    return this.run(Promise.resolve().then(() => this.provider![name](request)));
  }

  /** @param run lets the time go by that the provider's work takes */
  to(provider: TerraformProvider, run: Run): Calls {
    this.provider = provider;
    this.run = run;
    return Object.fromEntries(callNames.map((name) => [name, (request?: Message) => ask(this.client, name, request)])) as unknown as Calls;
  }

  async close(): Promise<void> {
    this.client.close();
    await this.serving.close();
  }
}
