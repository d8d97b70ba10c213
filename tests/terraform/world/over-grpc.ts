/**
 * A provider behind the wire, as Terraform has it: its own server, its own client, and nothing between them but gRPC. Virtual time stands
 * still while a message is on its way.
 */
import { credentials, loadPackageDefinition, type Client, type ClientOptions, type ClientUnaryCall } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { callNames, provider as providerService, type CallName } from "../../../provider/adapters/terraform/protocol";
import type { TerraformProvider } from "../../../provider/adapters/terraform/provider";
import { serve } from "../../../provider/adapters/terraform/server";
import type { VirtualClock } from "../../core/world/virtual-clock";
import type { Calls } from "./core";

export type Message = Readonly<Record<string, unknown>>;
export type Service = new (address: string, with_: ReturnType<typeof credentials.createInsecure>, options?: ClientOptions) => Client;
type Method = (request: Message, done: (error: Error | null, answer: Message) => void) => ClientUnaryCall;

export const messageOptions = { keepCase: true, longs: Number, enums: Number, defaults: false } as const;
export const tfplugin6 = loadPackageDefinition(fromJSON(providerService as never, messageOptions)).tfplugin6 as unknown as { Provider: Service };

/** Asks, and hands out the call, which can be given up. */
export function ask(client: Client, name: string, request: Message = {}, started: (call: ClientUnaryCall) => void = () => undefined): Promise<Message> {
  return new Promise((resolve, reject) => started((client as unknown as Record<string, Method>)[name]!.call(client, request, (error, answer) => (error ? reject(error) : resolve(answer)))));
}

export interface OverGrpc {
  readonly calls: Calls;
  close(): Promise<void>;
}

/** @param isDead whether the provider's process was killed: what it would have answered comes to nobody */
export async function overGrpc(provider: TerraformProvider, clock: VirtualClock, isDead: () => boolean): Promise<OverGrpc> {
  let arrive: () => void = () => undefined;
  const send = (): void => void clock.hold(() => new Promise<void>((resolve) => (arrive = resolve)));
  let underWay: ClientUnaryCall | undefined;
  const behind = new Proxy(provider, {
    get: (of, name: CallName) => async (request: never) => {
      arrive();
      try {
        return await of[name](request);
      } finally {
        send();
        if (isDead()) underWay?.cancel();
      }
    },
  });
  const serving = await serve({ provider: behind, ports: { from: 0, to: 0 }, onShutdown: () => undefined });
  const client = new tfplugin6.Provider(serving.address, credentials.createInsecure());
  const call =
    (name: CallName) =>
    async (request: Message): Promise<Message> => {
      send();
      try {
        return await ask(client, name, request, (started) => (underWay = started));
      } finally {
        arrive();
      }
    };
  return {
    calls: Object.fromEntries(callNames.map((name) => [name, call(name)])) as unknown as Calls,
    async close() {
      client.close();
      await serving.close();
    },
  };
}
