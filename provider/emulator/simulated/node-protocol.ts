/** What a node agent and whoever orders it say to each other: annotations of the agent's own Node. */

export const AGENT = "ablestack-kubernetes-agent";
/** The order: `1.35.4`. */
export const WANTED = "ablestack.io/wanted-version";
/** `first` on the one control plane that takes the cluster to the version; the others follow it. */
export const LEADS = "ablestack.io/upgrade-role";
/** Before the order: the version whose images it is to load. */
export const PREPARE = "ablestack.io/prepare-version";
/** How far it came with that: the version; or the version, `failed:` or `refused:`, and why. */
export const PREPARED = "ablestack.io/prepared";
/** Of a control plane: which add-ons its disc had. */
export const ON_DISC = "ablestack.io/addons-on-disc";
/** Which of them it is to install and remove: `1.35.4 +cloud-controller -csi`. */
export const WANTED_ADDONS = "ablestack.io/wanted-addons";
/** The answer to that: the same; or the same, `refused:`, and why. */
export const ADDONS = "ablestack.io/addons";
/** What the agent answers. */
export const ANSWER = "ablestack.io/agent";
/** When the first of the node's certificates ends: `2027-11-24T17:11:15Z`. */
export const CERTIFICATES_END = "ablestack.io/certificates-end";
