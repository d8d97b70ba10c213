/** The parts of a cluster's declaration that say what machines it has. */
import type { IntegerProperty, ObjectProperty, StringProperty } from "./property";

const offering: StringProperty = {
  type: "string",
  description: "Compute offering of the machines: its name or id. Machines that exist get another one while they are off: one after another, drained and out of the balancers.",
  required: true,
  example: "k8s-4c-8g",
};

const rootDiskGb: IntegerProperty = {
  type: "integer",
  description:
    "Size of each machine's root disk. A larger one is given to machines that exist as well, while they are off: one after another, as another offering; the image's own growpart grows the file system as they boot. A disk never shrinks.",
  unit: "GB",
  minimum: 1,
  maximum: 65_536,
  otherwise: "the size that the template has",
  example: 40,
};

export const controlPlane: ObjectProperty = {
  type: "object",
  typeName: "ControlPlane",
  description: "The machines that run the Kubernetes API, its controllers and etcd.",
  required: true,
  example: { count: 3, offering: "k8s-4c-8g" },
  properties: {
    count: {
      type: "integer",
      description:
        "How many control planes. An odd number: with 3 the cluster survives the loss of one, with 5 of two. An even number works and warns, since it survives no more losses than one fewer.",
      minimum: 1,
      maximum: 9,
      default: 3,
      example: 5,
    },
    offering,
    rootDiskGb,
  },
};

export const workers: ObjectProperty = {
  type: "object",
  typeName: "Workers",
  description: "The machines that run the workloads.",
  required: true,
  example: { count: 3, offering: "k8s-8c-16g" },
  properties: {
    count: {
      type: "integer",
      description: "How many workers: the size of the cluster. When there are to be fewer, the newest leave, or those that `nodes` deletes: out of the balancers, drained as their pods' disruption budgets allow, destroyed.",
      minimum: 1,
      maximum: 5000,
      default: 1,
      example: 3,
    },
    offering,
    rootDiskGb,
    autoscaling: {
      type: "object",
      typeName: "Autoscaling",
      description: "Lets Mold add and remove workers by demand, between two sizes. The live size is then no difference, and `count` only says with how many the cluster is made. Changes that need it still turn it off meanwhile, and on again.",
      otherwise: "off: the size is `count`",
      example: { min: 2, max: 10 },
      managements: { core: "Mold watches demand only for clusters that its own Kubernetes service runs", mold: true },
      properties: {
        min: { type: "integer", description: "Never fewer workers than this.", required: true, minimum: 1, maximum: 5000, example: 2 },
        max: { type: "integer", description: "Never more workers than this.", required: true, minimum: 1, maximum: 5000, example: 10 },
      },
    },
  },
};

/** What is done is recorded as a tag of Mold, which holds 255 characters, some of them ours. */
const trigger = { type: "string", maxLength: 200, format: "no-control-characters" } as const;

/**
 * A declaration says how things are to be, and a reboot is no state. So `reboot` and `replace` are texts, as `triggers` are elsewhere:
 * what was last done for a node is recorded on its machine, and it is done again when the text is another. `delete` is a state: no
 * such node is to be there. A new machine carries out nothing that was declared before it was made: it is rebooted and replaced already.
 */
export const nodeOperations: ObjectProperty = {
  type: "object",
  typeName: "NodeOperation",
  description: "What is to be done to one node. An entry may stay when it is done: it has no further effect. For a node that is not there and never was, it is refused.",
  properties: {
    offering: { type: "string", description: "Compute offering of this node: its name or id. Without it the node has that of its role again.", otherwise: "that of its role", example: "k8s-8c-32g" },
    reboot: {
      ...trigger,
      description:
        "The node is rebooted once each time this text is another: write the reason or the date. A worker is drained first, a control plane goes only while the others are a majority of etcd. A start of the stopped machine counts as its reboot.",
      example: "2026-11-23 kernel",
    },
    delete: {
      type: "boolean",
      description:
        "This worker is not to be there: it is drained and destroyed. Lower `workers.count` with it, and it is the one that leaves; otherwise a new one takes its place first, since the count says how many there are. Control planes can't be deleted: `controlPlane.count` says how many there are, and `replace` makes one anew.",
      default: false,
      example: true,
    },
    replace: {
      ...trigger,
      description:
        "A new machine takes the node's place once each time this text is another. The new one joins first, under a name of its own; port forwards and balancers that name the old node are led to it; then the old one leaves as when there are to be fewer: workers together, control planes one after another. With `affinity: \"required\"` and three or more control planes the old one leaves first, since there may be no other host.",
      example: "2026-11-23 disk",
    },
  },
};
