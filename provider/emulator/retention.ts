/** Finished jobs do not stay for ever; a real server forgets them too (`job.expire.minutes`). */
import type { Cloud } from "./cloud";

const JOBS_KEPT = 5000;

/** Forgets the oldest finished job when there are too many. Called once per new job, so one is enough. */
export function forget(cloud: Cloud): void {
  const jobs = cloud.table("jobs");
  if (jobs.size <= JOBS_KEPT) return;
  const oldest = jobs.find(({ phase }) => phase === "done" || phase === "failed");
  if (oldest !== undefined) jobs.remove(oldest.id);
}
