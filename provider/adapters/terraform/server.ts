/** The gRPC server that Terraform talks to: its own service, and those of go-plugin around it. */
import { fromJSON, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { Server, ServerCredentials, status, type sendUnaryData, type ServerDuplexStream, type ServerUnaryCall, type ServerWritableStream } from "@grpc/grpc-js";
import { errorDiagnostics } from "./diagnostics";
import { InFlight } from "../in-flight";
import type { EphemeralCertificate } from "./certificate";
import { dataSourceKinds } from "./data-sources";
import { kinds } from "./kinds";
import { callNames, provider as providerService, surroundings, type CallName, type Descriptor } from "./protocol";
import type { TerraformProvider } from "./provider";

/** A state of a few thousand rules is some MB, and gRPC's own limit 4; Terraform takes and sends this much. */
const largestMessage = 256 * 1024 * 1024;

export interface ServeOptions {
  readonly provider: TerraformProvider;
  /** Undefined: in the clear, for a debugger. */
  readonly tls?: { readonly server: EphemeralCertificate; readonly clientCertificate: string };
  readonly ports: { readonly from: number; readonly to: number };
  /** The engine asks for the end of this process. */
  readonly onShutdown: () => void;
}

export interface Serving {
  /** `127.0.0.1:41233` */
  readonly address: string;
  /** Resolves when no call is under way. */
  idle(): Promise<void>;
  /** Takes no more calls; resolves when the last answer has gone out, or after a second without that. */
  close(): Promise<void>;
}

type Message = Readonly<Record<string, unknown>>;
type Unary = (call: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>) => void;

const load = (descriptor: Descriptor): PackageDefinition => fromJSON(descriptor as never, { keepCase: true, longs: Number, enums: Number, defaults: false });
/** Once: reading a descriptor takes longer than to serve a call of it. */
const definitions = { provider: load(providerService), around: load(surroundings) };
const service = (definition: PackageDefinition, name: string): ServiceDefinition => definition[name] as ServiceDefinition;

/** What a call does, in the title of an error that it is thrown with. */
const doing: Readonly<Partial<Record<CallName, string>>> = {
  ConfigureProvider: "Configuring",
  ValidateProviderConfig: "Checking",
  ValidateResourceConfig: "Checking",
  ValidateDataResourceConfig: "Checking",
  UpgradeResourceState: "Taking up the state of",
  ReadResource: "Reading",
  PlanResourceChange: "Planning",
  ApplyResourceChange: "Applying",
  ImportResourceState: "Importing",
  ReadDataSource: "Reading",
};

/** What a call answers: a mistake of ours becomes a diagnostic too, with the message that the calls of this kind have for it. */
function answering(provider: TerraformProvider, name: CallName, inFlight: InFlight): Unary {
  const method = provider[name].bind(provider) as (request: never) => Message | Promise<Message>;
  return (call, done) => {
    inFlight
      .during(async () => method(call.request as never))
      .then(
        (answer) => done(null, answer),
        (error: unknown) => {
          const type = typeof call.request.type_name === "string" ? call.request.type_name : "";
          const of = kinds.get(type)?.of ?? dataSourceKinds.get(type)?.of;
          const [diagnostic] = errorDiagnostics(error, `${doing[name] ?? `${name} of`} ${type === "" ? "the provider" : type}`, of?.inputs);
          if (name === "CallFunction" || name === "StopProvider") done({ code: status.INTERNAL, details: diagnostic!.detail });
          else done(null, { diagnostics: [diagnostic] });
        },
      );
  };
}

const serving = 1;
/** A client that has its answer closes the connection. */
const lastAnswerMs = 1000;

export async function serve({ provider, tls, ports, onShutdown }: ServeOptions): Promise<Serving> {
  const server = new Server({ "grpc.max_receive_message_length": largestMessage, "grpc.max_send_message_length": largestMessage });
  const inFlight = new InFlight();
  server.addService(service(definitions.provider, "tfplugin6.Provider"), Object.fromEntries(callNames.map((name) => [name, answering(provider, name, inFlight)])));

  const { around } = definitions;
  const open = new Set<ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>>();
  const keptOpen = (stream: ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>): void => {
    open.add(stream);
    stream.on("cancelled", () => {
      open.delete(stream);
      stream.end();
    });
  };
  server.addService(service(around, "grpc.health.v1.Health"), {
    Check: ((_call, done) => done(null, { status: serving })) satisfies Unary,
    Watch: (stream: ServerWritableStream<Message, Message>) => {
      stream.write({ status: serving });
      keptOpen(stream);
    },
  });
  server.addService(service(around, "plugin.GRPCController"), {
    Shutdown: ((_call, done) => {
      done(null, {});
      onShutdown();
    }) satisfies Unary,
  });
  // Nothing but the log is ever said, and that goes to standard error by itself.
  server.addService(service(around, "plugin.GRPCStdio"), { StreamStdio: keptOpen });
  // Terraform opens no connections of its own through a provider.
  server.addService(service(around, "plugin.GRPCBroker"), { StartStream: keptOpen });

  const port = await bind(server, tls, ports);
  return {
    address: `127.0.0.1:${port}`,
    idle: () => inFlight.none(),
    close: () =>
      new Promise((resolve) => {
        for (const stream of open) stream.end();
        server.tryShutdown(() => resolve());
        setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, lastAnswerMs).unref();
      }),
  };
}

async function bind(server: Server, tls: ServeOptions["tls"], { from, to }: ServeOptions["ports"]): Promise<number> {
  const credentials = tls
    ? // The one certificate of the Terraform that started this: nobody else gets in.
      ServerCredentials.createSsl(Buffer.from(tls.clientCertificate), [{ cert_chain: Buffer.from(tls.server.certificate), private_key: Buffer.from(tls.server.key) }], true)
    : ServerCredentials.createInsecure();
  const at = (port: number): Promise<number> => new Promise((resolve, reject) => server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound))));
  for (let port = from; port <= to; port++) {
    try {
      return await at(port);
    } catch (error) {
      // Taken by another provider of this run: the next one.
      if (port === to) throw error;
    }
  }
  throw new Error("unreachable: there is always a port to try");
}
