/** Ids that are the same in every emulated cloud: nothing hangs on them. */
export const osTypeId = "e4050000-0000-4000-8000-000000000012";
export const physicalNetworkId = "e4050000-0000-4000-8000-000000000200";
export const publicNetworkId = "e4050000-0000-4000-8000-000000000201";
export const publicVlanId = "e4050000-0000-4000-8000-000000000050";
export const routerOfferingId = "e4050000-0000-4000-8000-000000000300";
export const storageId = "e4050000-0000-4000-8000-000000000400";
export const podId = "e4050000-0000-4000-8000-000000000500";
export const hostClusterId = "e4050000-0000-4000-8000-000000000600";
