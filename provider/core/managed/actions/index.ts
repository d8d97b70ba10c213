/** How each kind of work is done. */
import { removeComment, writeComment } from "../../actions/registration";
import type { ManagedWork, ManagedWorkKind } from "../work";
import * as cluster from "./cluster";
import * as external from "./external";
import * as nodes from "./nodes";
import type { ManagedOperation } from "./operation";
import * as succession from "./succession";
import * as upgrade from "./upgrade";

type Actions = { readonly [K in ManagedWorkKind]: (operation: ManagedOperation, work: Extract<ManagedWork, { kind: K }>) => Promise<void> };

const actions: Actions = {
  createCluster: cluster.createCluster,
  awaitSettled: cluster.awaitSettled,
  awaitGone: (operation) => cluster.removeCluster(operation, operation.waitSeconds),
  removeFailed: (operation) => cluster.removeCluster(operation, operation.desired.timeouts.deleteSeconds),
  deleteCluster: (operation) => cluster.removeCluster(operation, operation.desired.timeouts.deleteSeconds),
  mark: (operation, { marks }) => nodes.putMarks(operation, marks),
  unmark: (operation, { marks }) => nodes.takeMarks(operation, marks),
  tagMachines: nodes.tagMachines,
  untagMachines: nodes.untagMachines,
  startCluster: cluster.startCluster,
  stopCluster: cluster.stopCluster,
  awaitRecovery: cluster.awaitRecovery,
  scaleCluster: cluster.scaleCluster,
  removeNodes: cluster.removeNodes,
  settleCount: cluster.settleCount,
  changeOfferings: cluster.changeOfferings,
  setAutoscaling: cluster.setAutoscaling,
  checkHop: upgrade.checkHop,
  upgradeCluster: upgrade.upgradeCluster,
  tidyUpgrade: upgrade.tidyUpgrade,
  joinBalancer: nodes.joinBalancer,
  leaveBalancer: nodes.leaveBalancer,
  leadToSuccessors: succession.leadToSuccessors,
  cordonNode: (operation, { machine }) => nodes.cordonNode(operation, machine),
  uncordonNode: (operation, { machine }) => nodes.uncordonNode(operation, machine),
  drainNode: (operation, { machine }) => nodes.drainNode(operation, machine),
  admitNode: (operation, { machine }) => nodes.admitNode(operation, machine),
  startMachine: (operation, { machine }) => nodes.startMachine(operation, machine),
  stopMachine: (operation, { machine }) => nodes.stopMachine(operation, machine),
  rebootMachine: (operation, { machine }) => nodes.rebootMachine(operation, machine),
  scaleMachine: nodes.scaleMachine,
  awaitNode: nodes.awaitNode,
  addExternal: external.addExternal,
  removeExternal: external.removeExternal,
  addComment: (operation, { text }) => writeComment(operation, operation.clusterId, text),
  removeComment,
};

export const actManaged = <K extends ManagedWorkKind>(operation: ManagedOperation, work: Extract<ManagedWork, { kind: K }>): Promise<void> => actions[work.kind as K](operation, work);
