/** What is repeated, and when. A call that changes something is repeated only when it is certain that the server did not take it. */

/**
 * Commands that only read. `getUploadParamsForKubernetesSupportedVersion` is named like one and registers an upload.
 */
export const isReading = (command: string): boolean => /^(list|query|get)[A-Z]/.test(command) && !command.startsWith("getUploadParams");

export interface Attempt {
  /** The server did not take the call, for certain. */
  readonly notTaken: boolean;
  /** Might go away within seconds. */
  readonly passing: boolean;
}

export const mayRepeat = (command: string, { notTaken, passing }: Attempt): boolean => passing && (notTaken || isReading(command));

const firstPauseMs = 250;
const longestPauseMs = 8_000;

/**
 * The pause before repetition number `repetition` (from 1): doubled each time, of which a random half is left out, so that the
 * clients that one outage stopped don't all come back at once.
 *
 * @param random from 0 up to 1
 */
export const pauseMs = (repetition: number, random: number): number => Math.round(Math.min(longestPauseMs, firstPauseMs * 2 ** (repetition - 1)) * (0.5 + random / 2));
