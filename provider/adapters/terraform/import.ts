/**
 * Taking over what a Pulumi program has made: `<name>@<file>`, the file being what `pulumi stack export --show-secrets` prints. It holds
 * what was declared and the keys, so that the next plan shows no difference; whose it is stays as it was marked.
 */
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../../schema/property";
import { WordedError } from "./diagnostics";
import type { Inputs, Kind } from "./kinds";

/**
 * What was declared holds what followed from the rest of it (`endPort` from `startPort`). Terraform keeps what is configured alone: what
 * would follow again is left out.
 */
function asConfigured(kind: Kind, declared: Inputs): Inputs {
  const whole = kind.validate(declared).inputs;
  return Object.keys(declared).reduce<Inputs>((inputs, name) => {
    const { [name]: _, ...rest } = inputs;
    return kind.of.inputs[name]?.default === undefined && isDeepStrictEqual(kind.validate(rest).inputs, whole) ? rest : inputs;
  }, declared);
}

export interface Imported {
  readonly id: string;
  readonly owner: string;
  readonly inputs: Inputs;
  readonly outputs: Inputs;
}

interface StackResource {
  readonly type: string;
  readonly id?: string;
  readonly outputs?: Inputs;
}

/** How an export marks a secret: https://www.pulumi.com/docs/iac/concepts/secrets/ */
const secretMark = { key: "4dabf18193072939515e22adb298388d", value: "1b47061264138c4ac30d75fd1eb44270" } as const;

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (!isRecord(value)) return value;
  if (value[secretMark.key] === secretMark.value) {
    if (typeof value.plaintext !== "string") throw new WordedError("the export has its secrets encrypted: export it with `pulumi stack export --show-secrets`, and delete the file when all is imported");
    return shown(parsed(value.plaintext));
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

async function exported(file: string): Promise<readonly StackResource[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new WordedError(`the export ${file} can't be read: ${(error as Error).message}`);
  }
  const found = parsed(text);
  const deployment = isRecord(found) ? found.deployment : undefined;
  if (!isRecord(deployment) || !Array.isArray(deployment.resources)) throw new WordedError(`${file} is no export of a Pulumi stack: make one with \`pulumi stack export --show-secrets > ${file}\``);
  return deployment.resources as readonly StackResource[];
}

/** Undefined: no JSON. What Node.js says of such a text quotes from it, and this one is full of keys. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

interface Recorded {
  readonly kind: string;
  readonly id: string;
  readonly declared: Inputs & { readonly declaredBy: { readonly owner: string; readonly resource: string } };
  readonly outputs: Inputs;
}

function recordedIn(resources: readonly StackResource[]): Recorded[] {
  return resources.flatMap(({ type, id = "", outputs = {} }) => {
    const kind = /^pulumi-nodejs:dynamic\/ablestack:(\w+)$/.exec(type)?.[1];
    if (kind === undefined) return [];
    const { declared, ...rest } = shown(outputs) as Inputs & { declared?: Recorded["declared"] };
    return declared === undefined ? [] : [{ kind, id, declared, outputs: rest }];
  });
}

const called = (all: readonly Recorded[], kind: string, wanted: string): Recorded | undefined =>
  all.find(({ kind: each, declared, id }) => each === kind && (declared.name === wanted || declared.declaredBy.resource === wanted || id === wanted));

/** @throws WordedError saying what there is to import */
export async function importedFrom(given: Kind, id: string): Promise<Imported> {
  const { of } = given;
  const [, name, file] = /^(.+?)@(.+)$/.exec(id) ?? [];
  if (name === undefined || file === undefined) {
    throw new WordedError(
      `${JSON.stringify(id)} doesn't say where from. What a Pulumi program has made is imported as \`<name>@<file>\`, the file being what \`pulumi stack export --show-secrets\` prints. ${
        of.resource === "KubernetesCluster" || of.resource === "ClusterIdentity" ? 'A cluster is taken over by declaring it with `adopt = true`; one that Mold does not run with `adopt_identity` on its identity, too.' : "A rule that exists already is taken over by declaring it with `adopt = true`."
      }`,
    );
  }
  const all = recordedIn(await exported(file));
  const kinds = { ClusterIdentity: "ClusterIdentity", KubernetesCluster: "Cluster", NetworkRule: "NetworkRule", LoadBalancer: "LoadBalancer" } as const;
  const kind = kinds[of.resource as keyof typeof kinds];
  const found = called(all, kind, name);
  if (!found) {
    const there = all.filter((each) => each.kind === kind).map(({ declared }) => String(declared.name ?? declared.declaredBy.resource));
    throw new WordedError(`${file} has no ${of.resource} called ${name}; it has ${there.length === 0 ? "none" : there.join(", ")}`);
  }
  const { declaredBy, ...declared } = found.declared;
  if (of.resource === "KubernetesCluster") return wholeCluster(all, found);
  return { id: found.id, owner: declaredBy.owner, inputs: asConfigured(given, of.resource === "NetworkRule" ? { ...declared, name: declaredBy.resource } : declared), outputs: found.outputs };
}

/** The parts that one cluster is there, put together. */
function wholeCluster(all: readonly Recorded[], { declared, outputs }: Recorded): Imported {
  const { declaredBy, identity: machineIdentity, endpoint, ...inputs } = declared;
  const name = String(declared.name);
  const identity = called(all, "ClusterIdentity", name);
  const access = called(all, "ClusterAccess", name);
  return {
    id: String((machineIdentity as Inputs).uid),
    owner: declaredBy.owner,
    inputs: { ...inputs, identity: identity?.outputs ?? machineIdentity },
    outputs: { ...outputs, ...(endpoint as Inputs), ...access?.outputs },
  };
}
