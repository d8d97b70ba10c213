import type { Work, WorkKind } from "../step";
import { takeOver } from "../adoption";
import * as addons from "./addons";
import * as api from "./api";
import * as etcd from "./etcd";
import * as joining from "./joining";
import * as leaving from "./leaving";
import * as machines from "./machines";
import type { Operation } from "./operation";
import * as registration from "./registration";
import * as repair from "./repair";
import * as upgrade from "./upgrade";

type Actions = { readonly [K in WorkKind]: (operation: Operation, work: Extract<Work, { kind: K }>) => Promise<void> };

/** Which action carries out which kind of step. */
export const actions: Actions = {
  createAffinityGroup: api.createAffinityGroup,
  createApiRule: api.createApiRule,
  tagApiRule: (operation, { ruleId, tags }) => operation.tagger.add("LoadBalancer", ruleId, tags),
  describeApiRule: api.describeApiRule,
  openApi: api.openApi,
  closeApi: api.closeApi,
  crossOffIntent: api.crossOffIntent,
  deployMachine: machines.deployMachine,
  discardMachine: (operation, { machine }) => machines.destroyMachine(operation, machine),
  awaitRunning: (operation, { machine }) => machines.awaitRunning(operation, machine),
  startMachine: (operation, { machine }) => machines.startMachine(operation, machine),
  tagMachine: machines.tagMachine,
  untagMachine: machines.untagMachine,
  attachIso: machines.attachIso,
  detachIso: (operation, { machine }) => machines.detachIso(operation, machine),
  joinApiBalancer: api.joinApiBalancer,
  joinBalancer: joining.joinBalancer,
  awaitApi: api.awaitApi,
  markInitialising: (operation) => api.markInitialising(operation),
  markInitialised: (operation) => api.markInitialised(operation),
  publishToken: (operation) => operation.tokens.publish(),
  withdrawToken: (operation) => operation.tokens.withdraw(),
  awaitNode: joining.awaitNode,
  labelNode: (operation, { machine }) => joining.labelNode(operation, machine),
  replaceUserData: (operation, { machine }) => machines.replaceUserData(operation, machine),
  leaveBalancer: leaving.leaveBalancer,
  cordonNode: (operation, { machine }) => leaving.cordonNode(operation, machine),
  uncordonNode: (operation, { machine }) => leaving.uncordonNode(operation, machine),
  drainNode: leaving.drainNode,
  moveForward: leaving.moveForward,
  deleteNode: (operation, { machine }) => leaving.deleteNode(operation, machine),
  leaveApiBalancer: (operation, { machine }) => api.leaveApiBalancer(operation, machine),
  leaveEtcd: (operation, { machine }) => etcd.leaveEtcd(operation, machine),
  handOverEtcd: (operation, { machine }) => etcd.handOverEtcd(operation, machine),
  scaleMachine: (operation, { machine }) => machines.scaleMachine(operation, machine),
  awaitRecovery: repair.awaitRecovery,
  reviveMachine: (operation, { machine }) => repair.reviveMachine(operation, machine),
  confirmSilence: (operation) => repair.confirmSilence(operation),
  tidyEtcd: (operation) => etcd.tidyEtcd(operation),
  checkHop: upgrade.checkHop,
  prepareNode: upgrade.prepareNode,
  orderUpgrade: upgrade.orderUpgrade,
  awaitUpgrade: upgrade.awaitUpgrade,
  growDisk: machines.growDisk,
  rebootMachine: (operation, { machine }) => machines.rebootMachine(operation, machine),
  stopMachine: (operation, { machine }) => machines.stopMachine(operation, machine),
  destroyMachine: (operation, { machine }) => machines.destroyMachine(operation, machine),
  deleteApiRule: api.deleteApiRule,
  deleteAffinityGroup: api.deleteAffinityGroup,
  tagAnchor: api.tagAnchor,
  untagAnchor: api.untagAnchor,
  registerCluster: registration.registerCluster,
  enlistMachines: registration.enlistMachines,
  delistMachines: registration.delistMachines,
  carryComments: registration.carryComments,
  addComment: registration.addComment,
  removeComment: registration.removeComment,
  unregisterCluster: registration.unregisterCluster,
  takeOver: ({ world }, { tagged, id, tags }) => takeOver(world, tagged, id, tags),
  putCloudConfig: addons.putCloudConfig,
  restartCloudUsers: ({ kubernetes }) => kubernetes.restartCloudUsers(),
  orderAddons: addons.orderAddons,
  deleteCloudConfig: ({ kubernetes }) => kubernetes.deleteCloudConfig(),
};

export const act = <W extends Work>(operation: Operation, work: W): Promise<void> => (actions[work.kind] as (operation: Operation, work: W) => Promise<void>)(operation, work);
