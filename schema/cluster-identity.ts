/**
 * What never changes in a cluster's life, made before anything that could fail: were it made with the machines, a crash would lose the
 * CA, and every preview of a scale-up would replace the `k8s.Provider` built on the kubeconfig (design.md). No call to Mold.
 */
import { caCertificate, uid } from "./cluster-outputs";
import { adopt, adoptId, adoptIdentity, clusterName, connectionName, management, network, zone } from "./kubernetes-cluster";
import type { Properties, StringProperty } from "./property";
import type { Resource } from "./resource";

const pem = (description: string): StringProperty => ({ type: "string", description: `${description}, PEM. Empty where Mold runs the cluster: it makes its own.`, stable: true, allowEmpty: true });
const key = (description: string): StringProperty => ({ ...pem(description), secret: true });

/** What kubeconfigs are made with. Only they need it: the machines' part of a cluster doesn't take it in. */
export const userOutputs: Properties = {
  userCertificates: {
    type: "list",
    description: "Client certificates for kubeconfigs, PEM: one for each year, each for two. Made with the identity, so that the kubeconfig stays known in every preview.",
    items: { type: "string", description: "A client certificate, PEM." },
    required: false,
    stable: true,
  },
  userKey: { ...key("Key of those certificates"), required: false },
};

export const identityOutputs: Properties = {
  uid,
  caCertificate: { ...caCertificate, allowEmpty: true },
  caKey: key("Key of the cluster's authority"),
  frontProxyCaCertificate: pem("Certificate of the authority for aggregated APIs"),
  frontProxyCaKey: key("Key of the authority for aggregated APIs"),
  etcdCaCertificate: pem("Certificate of etcd's authority"),
  etcdCaKey: key("Key of etcd's authority"),
  serviceAccountPublicKey: pem("Public key that service account tokens are checked with"),
  serviceAccountKey: key("Key that service account tokens are signed with"),
  adminCertificate: pem("The administrator's client certificate"),
  adminKey: key("Key of the administrator's client certificate"),
  ...userOutputs,
};

export const clusterIdentity: Resource = {
  name: "ClusterIdentity",
  kind: "internal",
  description:
    "Identity of a cluster: its uid, its authorities and keys. Its inputs are what a cluster can't change without becoming another, so that another one gets a new identity.",
  inputs: { name: clusterName, zone, network, management, adopt, adoptId, adoptIdentity, connection: connectionName },
  outputs: identityOutputs,
  example: { name: "prod", zone: "zone-1" },
};
