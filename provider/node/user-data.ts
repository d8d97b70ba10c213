/** Cloud-init user data of a machine: a pure function of what it has to know. */
import { gunzipSync, gzipSync } from "node:zlib";
import { caHash } from "../kubernetes/certificates";
import { bootstrapTokenPattern } from "../kubernetes/bootstrap-token";
import { addonsScript, agentScript, agentUnit, certificatesScript, upgradeScript } from "./agent/script";
import { containerdConfiguration, registryFiles } from "./containerd";
import { kubeadmConfiguration } from "./kubeadm";
import { agentUnitName, places, type MachineFile, type NodeBootstrap } from "./spec";
import { yamlText } from "./yaml-text";

/** What Mold takes by default (`vm.userdata.max.length`), counted before base64. */
export const userDataLimit = 32_768;

function check(spec: NodeBootstrap): void {
  const wrong = (property: string, found: string, wanted: string): never => {
    throw new Error(`user data of ${spec.nodeName}: ${property} is ${found}, want ${wanted}`);
  };
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(spec.nodeName)) wrong("nodeName", JSON.stringify(spec.nodeName), "a DNS label of at most 63 characters");
  const version = /^(\d+)\.(\d+)\.\d+$/.exec(spec.kubernetesVersion);
  if (version === null || version[1] !== "1") wrong("kubernetesVersion", JSON.stringify(spec.kubernetesVersion), "an exact version such as 1.35.4");
  else if (Number(version[2]) < 31) wrong("kubernetesVersion", spec.kubernetesVersion, "1.31 or later: older kubeadm does not read v1beta4");
  if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i.test(spec.endpoint)) wrong("endpoint", JSON.stringify(spec.endpoint), "address:port");
  if (!/^[a-z0-9]+$/.test(spec.clusterUid)) wrong("clusterUid", JSON.stringify(spec.clusterUid), "letters a-z and digits");
  // The value itself is a secret even when it is malformed.
  if (!bootstrapTokenPattern.test(spec.token)) wrong("token", "malformed", "six and sixteen characters of a-z and 0-9 with a dot between");
  for (const property of ["podCidr", "serviceCidr"] as const) if (!/^[0-9a-f.:]+\/\d{1,3}$/i.test(spec[property])) wrong(property, JSON.stringify(spec[property]), "a CIDR such as 10.244.0.0/16");
}

/** Values are checked above and hold nothing that a shell reads. */
function environment(spec: NodeBootstrap): string {
  const settings = {
    NODE_NAME: spec.nodeName,
    ROLE: spec.role,
    ACTION: spec.action,
    KUBERNETES_VERSION: spec.kubernetesVersion,
    CLUSTER_UID: spec.clusterUid,
    ENDPOINT: spec.endpoint,
    CA_HASH: caHash(spec.certificates.caCertificate),
    JOIN_TIMEOUT: String(Math.ceil(spec.joinTimeoutSeconds)),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}='${value}'\n`)
    .join("");
}

function pkiFiles(spec: NodeBootstrap): MachineFile[] {
  const ca: MachineFile = { path: `${places.pki}/ca.crt`, permissions: "0644", content: spec.certificates.caCertificate };
  if (spec.role === "worker") return [ca];
  const { certificates } = spec;
  const secret = (name: string, content: string): MachineFile => ({ path: `${places.pki}/${name}`, permissions: "0600", content });
  const open = (name: string, content: string): MachineFile => ({ path: `${places.pki}/${name}`, permissions: "0644", content });
  return [
    ca,
    secret("ca.key", certificates.caKey),
    open("front-proxy-ca.crt", certificates.frontProxyCaCertificate),
    secret("front-proxy-ca.key", certificates.frontProxyCaKey),
    open("etcd/ca.crt", certificates.etcdCaCertificate),
    secret("etcd/ca.key", certificates.etcdCaKey),
    open("sa.pub", certificates.serviceAccountPublicKey),
    secret("sa.key", certificates.serviceAccountKey),
  ];
}

/** Lives for a moment, in the first boot and in those until the user data are replaced. */
const earlyStartUnitName = "ablestack-kubernetes-start.service";

/** Every file that a machine gets, in the order they are written. */
export function machineFiles(spec: NodeBootstrap): MachineFile[] {
  check(spec);
  return [
    { path: places.environment, permissions: "0644", content: environment(spec) },
    ...pkiFiles(spec),
    { path: places.kubeadm, permissions: "0600", content: kubeadmConfiguration(spec) },
    { path: places.containerd, permissions: "0644", content: containerdConfiguration },
    ...(spec.privateRegistry === undefined ? [] : registryFiles(spec.privateRegistry)),
    { path: places.agent, permissions: "0755", content: agentScript },
    { path: places.upgrade, permissions: "0755", content: upgradeScript },
    { path: places.certificates, permissions: "0755", content: certificatesScript },
    { path: places.addons, permissions: "0755", content: addonsScript },
    { path: places.unit, permissions: "0644", content: agentUnit },
  ];
}

/**
 * The cloud-config of a machine. The same input gives the same text. It holds the token, and a control plane's keys: a secret.
 * @throws naming the property of `spec` that no machine could work with
 * @example encodeUserData(machineUserData(spec))
 */
export function machineUserData(spec: NodeBootstrap): string {
  const files = machineFiles(spec);
  const body = yamlText({
    // As soon as the files are written: runcmd's turn comes three seconds later, after all else that cloud-init does. systemd keeps the order, since bootcmd itself
    // comes before the files. cloud-init 24.3 has renamed the service that writes them (https://github.com/canonical/cloud-init/pull/5489).
    bootcmd: [["systemd-run", "--no-block", "--collect", `--unit=${earlyStartUnitName}`, "--property=Type=oneshot", "--property=After=cloud-init.service cloud-init-network.service", "systemctl", "start", "--no-block", agentUnitName]],
    write_files: files.map((file) => ({ path: file.path, owner: "root:root", permissions: file.permissions, content: file.content })),
    runcmd: [
      ["systemctl", "--no-reload", "enable", agentUnitName],
      ["systemctl", "daemon-reload"],
      // Not waited for: the agent in its turn waits for cloud-init to end.
      ["systemctl", "start", "--no-block", agentUnitName],
    ],
  });
  return `#cloud-config\n${body}`;
}

/** gzip whose header says nothing of the machine that made it (RFC 1952: byte 9 is its operating system), so that it is the same everywhere. */
function gzip(text: string): Buffer {
  const packed = gzipSync(text, { level: 9 });
  packed[9] = 255;
  return packed;
}

/**
 * What the Mold API takes as `userdata` (send it by POST). Packed with gzip, which cloud-init recognises, only where the text alone would be too long.
 * @throws when it is too long even so, naming the largest files
 */
export function encodeUserData(text: string): string {
  const bare = Buffer.from(text);
  if (bare.length <= userDataLimit) return bare.toString("base64");
  const packed = gzip(text);
  if (packed.length <= userDataLimit) return packed.toString("base64");
  throw new Error(`user data is ${packed.length} bytes packed, ${userDataLimit} is the most that Mold takes; the largest parts: ${largestParts(text)}`);
}

/** Paths and sizes, never content. */
function largestParts(text: string): string {
  const parts = text.split(/^ {2}- (?=path: )/m).slice(1);
  return parts
    .map((part) => ({ path: /^path: (\S+)/.exec(part)?.[1] ?? "?", bytes: Buffer.byteLength(part) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ path, bytes }) => `${path} ${bytes} bytes`)
    .join(", ");
}

/** The text of what `encodeUserData` gave. */
export function decodeUserData(encoded: string): string {
  const bytes = Buffer.from(encoded, "base64");
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** What takes its place once a machine has joined: nothing to do, nothing to find. The machine keeps what it has on its disk. */
export function scrubbedUserData(): string {
  return "#cloud-config\n# This machine has joined its cluster; what it needed for that was removed from here.\n";
}
