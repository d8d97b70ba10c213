/** How Terraform and a plugin find each other: go-plugin's handshake (https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md). */

/** Published by Terraform, to tell a plugin that was started by it from one that a person starts; it protects nothing. */
const cookie = { name: "TF_PLUGIN_MAGIC_COOKIE", value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2" } as const;

/** Of the handshake itself, and of Terraform's protocol. */
const versions = { core: 1, protocol: 6 } as const;

export interface Terms {
  /** PEM: the one client that may come. Undefined: it comes without TLS. */
  readonly clientCertificate?: string;
  readonly ports: { readonly from: number; readonly to: number };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: it was not Terraform who started this. */
export function termsOf(environment: Environment): Terms | undefined {
  if (environment[cookie.name] !== cookie.value) return undefined;
  const clientCertificate = environment.PLUGIN_CLIENT_CERT;
  const port = (text: string | undefined): number => (/^\d+$/.test(text ?? "") ? Number(text) : 0);
  const [from, to] = [port(environment.PLUGIN_MIN_PORT), port(environment.PLUGIN_MAX_PORT)];
  return { ...(clientCertificate ? { clientCertificate } : {}), ports: from > 0 && to >= from ? { from, to } : { from: 0, to: 0 } };
}

/** @returns why the engine can't be served; undefined when it can */
export function refusalOf({ PLUGIN_PROTOCOL_VERSIONS: offered }: Environment): string | undefined {
  if (offered === undefined || offered === "" || offered.split(",").map(Number).includes(versions.protocol)) return undefined;
  return `this provider speaks version ${versions.protocol} of Terraform's plugin protocol, and what started it speaks ${offered}: use Terraform 1.0 or OpenTofu 1.6, or newer`;
}

/** @param certificate DER of the server's; undefined without TLS */
export const handshakeLine = (address: string, certificate: Uint8Array | undefined): string =>
  [versions.core, versions.protocol, "tcp", address, "grpc", ...(certificate === undefined ? [] : [Buffer.from(certificate).toString("base64").replace(/=+$/, "")])].join("|");

/** For `TF_REATTACH_PROVIDERS`: a provider that runs already, in a debugger say. @param sources every address that configurations may know it by */
export const reattachment = (sources: readonly string[], address: string, pid: number): string =>
  JSON.stringify(Object.fromEntries(sources.map((source) => [source, { Protocol: "grpc", ProtocolVersion: versions.protocol, Pid: pid, Test: true, Addr: { Network: "tcp", String: address } }])));

export const friendly = `This is a provider for Terraform and OpenTofu, and is started by them: \`terraform init\` finds it in a mirror of providers or by
dev_overrides (README.md, "Terraform"), \`terraform plan\` starts it. To run it in a debugger: terraform-provider-ablestack --debug
`;
