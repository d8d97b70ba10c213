import { bootCluster, SmallCloud, identity } from "/work/main/tests/emulator/simulated/cluster-under-test";
import { Kubectl } from "/work/main/tests/emulator/simulated/kubectl";
(async () => {
  const cloud = new SmallCloud({ listen: true, address: "127.83.0.9" });
  await bootCluster(cloud); await cloud.hypervisor.settled();
  console.log(cloud.events);
  const k = new Kubectl(cloud.endpoint, await identity());
  for (const c of process.argv.slice(2)) { const r = await k.run(...c.split(" ")); console.log("$ kubectl "+c+"  -> "+r.code+"\n"+r.out+r.err); }
  k.remove(); await cloud.hypervisor.close();
})();
