import { Cloud } from "./world/cloud";
import { create, declaration, sharedIdentity } from "./world/cluster";
beforeAll(sharedIdentity);
test("p", async () => {
  for (let i=0;i<5;i++){ const t=Date.now(); const cloud = new Cloud(); const t1=Date.now(); const run=cloud.newRun(); await cloud.clock.run(create(run, {}, declaration({controlPlanes:3,workers:1}))); const t2=Date.now(); cloud.state(); const n: Record<string, number> = {}; for (const c of run.calls) n[c.replace(/nodes\/.*/, "nodes/x")] = (n[c.replace(/nodes\/.*/, "nodes/x")] ?? 0) + 1; if (i === 4) console.log(t1-t, t2-t1, Date.now()-t2, run.calls.length, n); }
}, 60000);
