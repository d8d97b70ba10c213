/** The provider's gRPC server, as Terraform reaches it. */
import { credentials, loadPackageDefinition, type Client, type ClientOptions } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { callNames, provider as providerService, surroundings, type CallName } from "../../../provider/adapters/terraform/protocol";
import type { TerraformProvider } from "../../../provider/adapters/terraform/provider";
import { serve, type Serving } from "../../../provider/adapters/terraform/server";
import type { Calls } from "./core";

export const large: ClientOptions = { "grpc.max_receive_message_length": 256 * 1024 * 1024, "grpc.max_send_message_length": 256 * 1024 * 1024 };

export type Message = Readonly<Record<string, unknown>>;
type Service = new (address: string, with_: ReturnType<typeof credentials.createInsecure>, options?: ClientOptions) => Client;
const options = { keepCase: true, longs: Number, enums: Number, defaults: false } as const;
export const tfplugin6 = loadPackageDefinition(fromJSON(providerService as never, options)).tfplugin6 as unknown as { Provider: Service };
export const around = loadPackageDefinition(fromJSON(surroundings as never, options)) as unknown as { grpc: { health: { v1: { Health: Service } } }; plugin: { GRPCController: Service; GRPCStdio: Service } };

export const ask = (client: Client, name: string, request: Message = {}): Promise<Message> =>
  new Promise((resolve, reject) => (client as unknown as Record<string, (request: Message, done: (error: Error | null, answer: Message) => void) => void>)[name]!.call(client, request, (error, answer) => (error ? reject(error) : resolve(answer))));

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
    behind.wire = new Wire(serving, new tfplugin6.Provider(serving.address, credentials.createInsecure(), large));
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
