/**
 * The rows of features.md (what ABLESTACK's documentation says of Kubernetes), and which tests show more of each than `claimed.ts` does: of
 * faults, kills, odd states. What of a row comes later is refused until then.
 */

export interface FeatureRow {
  /** What the documentation calls it. */
  readonly korean: string;
  /** The row in few words. */
  readonly says: string;
  /** Path of a test file, and names of tests in it as they are written there. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
  /** Paths of schema/not-yet.ts: parts of the row that are declared and refused. When one comes, its tests are named here. */
  readonly later?: readonly string[];
}

export const rows: Readonly<Record<number, FeatureRow>> = {
  1: { korean: "쿠버네티스 클러스터 조회", says: "list clusters, with their columns", tests: { "tests/handlers/data-sources/clusters.test.ts": ["lists every cluster with every column of Mold's page, whoever runs it"], "tests/cli/look.test.ts": ["list: a line for each cluster, with the columns of Mold's page"] } },
  2: { korean: "쿠버네티스 클러스터 생성: 이름, 설명, Zone, 쿠버네티스 버전", says: "create: name, description, zone, version", tests: { "tests/core/create.test.ts": ["from nothing to six Ready nodes; run again there is nothing to do; and back to nothing"], "tests/core/registration.test.ts": ["it shows as ExternalManaged with its version, its network and its machines, control planes as such"] } },
  3: { korean: "컴퓨트 오퍼링, 노드 루트 디스크 크기(GB)", says: "create: offering, root disk size", tests: { "tests/core/disks.test.ts": ["new workers are made with it, and only those that exist are grown"] } },
  4: { korean: "네트워크", says: "create: network, or one is made", tests: { "tests/core/ownership.test.ts": ["create, a second up and destroy leave the network and everything else on it as it was"] } },
  5: { korean: "HA 활성화, 마스터 노드", says: "create: number of masters", tests: { "tests/core/control-planes.test.ts": ["from %i to %i: members of etcd, nodes and the API's balancer follow, and nothing is left to do"] } },
  6: { korean: "외부 로드 밸런서 IP 주소", says: "create: external load balancer address", tests: { "tests/core/managed/create.test.ts": ["on a shared network the API is where the balancer of the user's is; without its address it is refused before anything is made"] } },
  7: { korean: "클러스터 크기", says: "create: size", tests: { "tests/core/create.test.ts": ["more workers: the new ones join, nothing else is touched"] } },
  8: { korean: "SSH 키 쌍", says: "create: SSH key pair", tests: {} },
  9: { korean: "사설 레지스트리", says: "create: private registry", tests: { "tests/node/containerd.test.ts": ["is where containerd looks for it", "has its credentials in one file that only root reads, whole and in plain ASCII"] } },
  10: { korean: "각 노드의 오퍼링 변경", says: "another offering for one node", tests: { "tests/core/nodes.test.ts": ["that is not there: refused at check by node and offering, with the nearest", "together with another offering: off once, and that was the reboot"] } },
  11: { korean: "쿠버네티스 클러스터 정지, 시작", says: "stop and start", tests: { "tests/core/power.test.ts": ["workers stop before control planes; stopped is as declared, and its outputs say so", "started again, workers wait for the API; everything is Ready, and what was in the cluster still is"] } },
  12: { korean: "쿠버네티스 클러스터 스케일", says: "scale", tests: { "tests/core/offerings.test.ts": ["control planes and workers get it one at a time, control planes first; then nothing is left to do"], "tests/core/registration.test.ts": ["it is kept as the cluster scales: workers are in it once they are Ready, and out of it before they go"] } },
  13: { korean: "클러스터 오토스케일링 활성화", says: "autoscaling", tests: { "tests/core/managed/changes.test.ts": ["autoscaling: on, with its live size no difference; put back after a hop; its bounds changed; off"] } },
  14: { korean: "쿠버네티스 클러스터 업그레이드", says: "upgrade, minors in sequence", tests: { "tests/core/upgrade.test.ts": ["is two hops: every node ends at the newest patch of the target, workloads keep what their budgets want, and nothing is left to do"], "tests/core/registration.test.ts": ["another version is registered anew; what people wrote on the former record comes along, signed, and declared comments once"] } },
  15: { korean: "쿠버네티스 클러스터 삭제", says: "delete", tests: { "tests/core/registration.test.ts": ["a destroy takes the record along, and leaves one of the same name that is somebody else's"] } },
  16: { korean: "쿠버네티스 클러스터 상세 탭", says: "details", tests: { "tests/pulumi/outputs.test.ts": ["every output that is declared is one in the SDK"], "tests/cli/look.test.ts": ["show: one cluster, its nodes, and what of it is said, as text and as JSON"] } },
  17: { korean: "쿠버네티스 클러스터 액세스 탭", says: "access: kubeconfig, endpoint", tests: { "tests/pulumi/sdk.test.ts": ["the kubeconfig is a secret and leads to the endpoint", "it comes with the certificate of the year, and says when that ends"], "tests/kubernetes/user-certificates.test.ts": ["whenever one is fetched, it is in force and lasts for another year, or as long as the authority"] } },
  18: { korean: "쿠버네티스 클러스터 가상머신 탭", says: "machines: state, use; reboot, delete, resize", tests: { "tests/handlers/data-sources/clusters.test.ts": ["tells each node with its state, address, offering and use of CPU and network, control planes first"], "tests/core/nodes.test.ts": ["a worker is drained and rebooted once; the same text does it no more, another one does"] } },
  19: { korean: "노드 삭제", says: "delete one node", tests: { "tests/core/nodes.test.ts": ["with the count lowered: it leaves, drained, and not the newest; the entry may stay"] } },
  20: { korean: "쿠버네티스 클러스터 방화벽 탭", says: "firewall", tests: { "tests/handlers/network-rule.test.ts": ["is made as declared, with tags that say whose it is, and nothing else is", "tags change in place; those taken out go, and others' stay"], "tests/handlers/acl.test.ts": ["rules made by hand beside it stay, also when it goes; with adopt an equal one is taken over"] } },
  21: { korean: "쿠버네티스 클러스터 포트 포워딩 탭", says: "port forwarding", tests: { "tests/handlers/network-rule.test.ts": ["is made as declared, and Mold opens nothing to the world for it", "led elsewhere by hand, it is led back"] } },
  22: { korean: "쿠버네티스 클러스터 부하 분산 탭", says: "load balancing", tests: { "tests/handlers/load-balancer.test.ts": ["is made as declared, with its members, and opens nothing to the world", "declared as it is, it changes nothing and sends nothing that changes"], "tests/handlers/autoscale.test.ts": ["it is made whole: conditions, policies, profile and group, and Mold makes the machines"] } },
  23: { korean: "쿠버네티스 클러스터 이벤트 탭", says: "events", tests: { "tests/handlers/data-sources/versions-events-comments.test.ts": ["tells what happened to the machines, the network, the address and the rules of a cluster, and to nobody else's", "a machine that is gone has its events still"], "tests/cli/look.test.ts": ["events: what happened, the newest last; that nothing did is said"] } },
  24: { korean: "쿠버네티스 클러스터 코멘트", says: "comments", tests: { "tests/core/registration.test.ts": ["comments are changed in place: missing ones are written, those no longer declared go, those of others stay"], "tests/core/managed/comments.test.ts": ["are changed in place: missing ones are written, those no longer declared go, those of people stay"], "tests/handlers/data-sources/versions-events-comments.test.ts": ["tells who wrote what and when, the oldest first; a cluster without a record has none"] } },
  25: { korean: "용어사전", says: "glossary", tests: {} },
};
