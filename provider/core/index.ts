/**
 * The orchestration core, for those who build an engine of their own on it: `ablestack-kubernetes/core`.
 * @example
 * import { ClusterRun, Catalogue, planLines } from "ablestack-kubernetes/core";
 */
export { Catalogue } from "./catalogue";
export { systemClock } from "./clock";
export { ClusterRun } from "./cluster";
export { deleteMachines, type DeleteOptions } from "./delete";
export type { ClusterIdentity, ClusterPlace, ClusterSubject, DesiredCluster, DesiredEndpoint, DesiredNode, DesiredRole } from "./desired";
export { EndpointRun, type Endpoint } from "./endpoint";
export { ClusterError, Interrupted, LockError } from "./errors";
export { StepsFailed } from "./execute";
export { findCluster, type FoundCluster } from "./find-cluster";
export { observeCluster, type ObservedCluster, type ObservedMachine } from "./observe";
export { planCluster } from "./plan";
export type { Plan, PlanInput, Problem } from "./plan-input";
export type * from "./ports";
export { planLines } from "./preview";
export { planDeletion, type DeletionPlan } from "./rehearsal";
export type { Finding, Rehearsal } from "./rehearse-delete";
export { estimatePlan, type Step, type Work } from "./step";
