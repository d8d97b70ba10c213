import type { Digest } from "./signature";

/** What an administrator of a real Mold would set in its configuration. */
export interface Settings {
  /** An unknown parameter is an error (a real server ignores it without a word). Default true. */
  readonly strict: boolean;
  /** Mold signs with SHA-256 (default), CloudStack with SHA-1. */
  readonly digest: Digest;
  /** `allow.user.expunge.recover.vm`; default false as on a real server. */
  readonly allowUserExpungeRecoverVm: boolean;
  /** `allow.user.view.destroyed.vm`; default false as on a real server: plain users do not see their Destroyed machines. */
  readonly allowUserViewDestroyedVm: boolean;
  /** Commands that an administrator has taken out of the role of plain users: they are told that these do not exist for them (432). Default: none. */
  readonly withheldFromUsers: readonly string[];
  /** `expunge.delay` in milliseconds of work; default 60,000. A real server waits a day. */
  readonly expungeDelay: number;
  /** `vm.userdata.max.length`, in bytes before encoding; default 32,768. */
  readonly maxUserData: number;
  /** `default.page.size`: the most rows in one answer; default 500. */
  readonly pageSize: number;
  /** How many machines are placed and started at the same time, whatever is asked; default 4, as measured on a real server. */
  readonly deploySlots: number;
  /** `cloud.kubernetes.cluster.start.timeout`, `….scale.timeout` and `….upgrade.timeout`, in milliseconds of work; default 3,600,000 each. */
  readonly kubernetesStartTimeout: number;
  readonly kubernetesScaleTimeout: number;
  readonly kubernetesUpgradeTimeout: number;
  /** `cloud.kubernetes.cluster.max.size`: the most machines of one cluster; default 10 as on a real server. */
  readonly kubernetesMaxSize: number;
  /** `cloud.kubernetes.cluster.experimental.features.enabled`: clusters take a private registry; default false as on a real server. */
  readonly kubernetesExperimentalFeatures: boolean;
  /** What every HTTP call takes, in milliseconds of work; default 0. */
  readonly latency: number;
}

export const defaultSettings: Settings = {
  strict: true,
  digest: "sha256",
  allowUserExpungeRecoverVm: false,
  allowUserViewDestroyedVm: false,
  withheldFromUsers: [],
  expungeDelay: 60_000,
  maxUserData: 32_768,
  pageSize: 500,
  deploySlots: 4,
  kubernetesStartTimeout: 3_600_000,
  kubernetesScaleTimeout: 3_600_000,
  kubernetesUpgradeTimeout: 3_600_000,
  kubernetesMaxSize: 10,
  kubernetesExperimentalFeatures: false,
  latency: 0,
};
