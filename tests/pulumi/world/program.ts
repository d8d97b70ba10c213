/** A program's run without an engine: what it registers is written down, what it waits for is answered. */
import * as pulumi from "@pulumi/pulumi";

export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Type and name of the parent. */
  readonly parent: string;
  /** As they go to the engine, a secret as `{ secret: … }`, an unknown as `{ unknown: true }`. */
  readonly inputs: Record<string, unknown>;
  readonly deleteBeforeReplace: boolean;
  readonly additionalSecretOutputs: readonly string[];
  readonly retainOnDelete: boolean;
  /** Type and name. */
  readonly deletedWith: string;
  readonly ignoreChanges: readonly string[];
  /** Types and names. */
  readonly dependencies: readonly string[];
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getRetainondelete(): boolean;
  getDeletedwith(): string;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}

const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function readable(value: unknown): unknown {
  if (value === unknownMark) return { unknown: true };
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (record["4dabf18193072939515e22adb298388d"] === secretMark) return { secret: readable(record.value) };
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, readable(inner)]));
}

/** `urn:pulumi:dev::shop::a$b::name` → `b name`. */
const shortOf = (urn: string): string => {
  const [, , types = "", name = ""] = urn.split("::");
  return types === "pulumi:pulumi:Stack" || urn === "" ? "" : `${types.split("$").at(-1)!.split(":").at(-1)!} ${name}`;
};

/** What the engine would answer for a resource that is made; of those that `unknown` names nothing is known. */
const outputsOf: Readonly<Record<string, Record<string, unknown>>> = {
  ClusterIdentity: {
    uid: "k3v9x0a2m7qd",
    caCertificate: "CA",
    caKey: "CA KEY",
    frontProxyCaCertificate: "FRONT PROXY CA",
    frontProxyCaKey: "FRONT PROXY KEY",
    etcdCaCertificate: "ETCD CA",
    etcdCaKey: "ETCD KEY",
    serviceAccountPublicKey: "SA PUBLIC",
    serviceAccountKey: "SA KEY",
    adminCertificate: "ADMIN",
    adminKey: "ADMIN KEY",
  },
  ClusterEndpoint: {
    networkId: "network-1",
    networkName: "ha-k3v9x0a2m7qd",
    networkOwned: true,
    networkCidr: "10.1.1.0/24",
    publicIpAddressId: "address-1",
    publicIpAddress: "203.0.113.7",
    zoneId: "zone-id",
    zoneName: "zone-1",
    endpoint: "https://203.0.113.7:6443",
  },
  Cluster: { clusterId: "k3v9x0a2m7qd/g1", size: 3, nodes: [{ name: "ha-control-1" }], state: "Running" },
  NetworkRule: { ruleId: "rule-1", state: "Active" },
  LoadBalancer: { ruleId: "rule-2", state: "Active", memberIds: [] },
};

export interface ProgramRun<T> {
  readonly result: T;
  readonly registered: readonly Registered[];
  /** By type and name: `NetworkRule ha-http`. */
  find(what: string): Registered;
}

/** Runs what a program does at its top, and waits until all of it is registered. */
export async function runProgram<T>(program: () => T, options: { preview?: boolean; unknown?: readonly string[]; outputs?: Readonly<Record<string, Record<string, unknown>>> } = {}): Promise<ProgramRun<T>> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs }) {
        const kind = type.split(":").at(-1)!;
        return { id: `${name}-id`, state: options.unknown?.includes(kind) ? {} : { ...inputs, ...outputsOf[kind], ...options.outputs?.[kind] } };
      },
    },
    "shop",
    "dev",
    options.preview ?? false,
    "acme",
  );
  // Mocks are told the inputs alone; options are read off the request itself.
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource(request: Request, ...more: unknown[]): unknown };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...more) => {
    registered.push({
      type: request.getType(),
      name: request.getName(),
      parent: shortOf(request.getParent()),
      inputs: readable(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      retainOnDelete: request.getRetainondelete(),
      deletedWith: shortOf(request.getDeletedwith()),
      ignoreChanges: request.getIgnorechangesList(),
      dependencies: request.getDependenciesList().map(shortOf).sort(),
    });
    return register(request, ...more);
  };
  const result = program();
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return {
    result,
    registered,
    find(what) {
      const found = registered.find(({ type, name }) => `${type.split(":").at(-1)} ${name}` === what);
      if (!found) throw new Error(`${what} was not registered; there are ${registered.map(({ type, name }) => `${type} ${name}`).join(", ")}`);
      return found;
    },
  };
}

/** What an output holds; `undefined` when it isn't known. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<{ known: boolean; secret: boolean; value: T | undefined }> {
  const inside = output as unknown as { promise(): Promise<T>; isKnown: Promise<boolean> };
  const known = await inside.isKnown;
  return { known, secret: await pulumi.isSecret(output), value: known ? await inside.promise() : undefined };
}
