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
  description: "Size of each machine's root disk.",
  unit: "GB",
  minimum: 1,
  maximum: 65_536,
  otherwise: "the size that the template has",
  example: 40,
  changeNotYet: { reason: "another root disk size for machines that exist comes with a later release" },
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
      description: "How many workers: the size of the cluster. When there are to be fewer, the newest leave: out of the balancers, drained as their pods' disruption budgets allow, destroyed.",
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
      description: "Lets Mold add and remove workers by demand, between two sizes. The live size is then no difference.",
      otherwise: "off: the size is `count`",
      example: { min: 2, max: 10 },
      managements: { core: "Mold watches demand only for clusters that its own Kubernetes service runs", mold: true },
      notYet: { reason: "autoscaling of workers comes with a later release" },
      properties: {
        min: { type: "integer", description: "Never fewer workers than this.", required: true, minimum: 1, maximum: 5000, example: 2 },
        max: { type: "integer", description: "Never more workers than this.", required: true, minimum: 1, maximum: 5000, example: 10 },
      },
    },
  },
};

const moldKeepsNodes = "Mold's own Kubernetes service does this to all nodes or to none";

export const nodeOperations: ObjectProperty = {
  type: "object",
  typeName: "NodeOperation",
  description: "What is to be done to one node.",
  properties: {
    offering: { type: "string", description: "Compute offering of this node: its name or id.", otherwise: "that of its role", example: "k8s-8c-32g", managements: { core: true, mold: moldKeepsNodes } },
    reboot: { type: "string", description: "The node is rebooted once each time this text changes: write the reason or the date.", example: "2026-11-23 kernel" },
    delete: { type: "boolean", description: "Drains and ends this worker, and keeps the count honest.", default: false, example: true, managements: { core: true, mold: moldKeepsNodes } },
    replace: { type: "string", description: "The node is replaced by a new machine once each time this text changes.", example: "2026-11-23 disk", managements: { core: true, mold: moldKeepsNodes } },
  },
};
