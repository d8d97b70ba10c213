/** A cloud in real time, reached as anybody would: Mold over HTTP, the cluster over HTTPS. */
import { request } from "node:https";
import { systemClock } from "../../provider/core/clock";
import type { ClusterAccess } from "../../provider/core/ports";
import { createEmulator, type EmulatorOptions } from "../../provider/emulator";
import { createSession } from "../../provider/handlers/session";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import { TooOld, type Site } from "./site";

/** Bookmarks come about every minute: silence for longer is a connection that nobody has closed. */
const longestSilenceMs = 90_000;
const uid = "k3x9abcdef01";

/** @param say is told what the core says meanwhile */
export async function listeningSite(emulator: EmulatorOptions, say: (line: string) => void): Promise<Site> {
  const mold = createEmulator(emulator);
  const apiUrl = await mold.listen();
  const { apiKey, secretKey } = mold.users.find(({ name }) => name === "admin")!;
  const config: Readonly<Record<string, string>> = { "ablestack:apiUrl": apiUrl, "ablestack:apiKey": apiKey, "ablestack:secretKey": secretKey };
  const session = createSession({ config: (key) => config[key], env: {}, log: { debug: () => undefined, info: say, warn: say }, signal: new AbortController().signal });
  const byHand = session.world(undefined, { owner: "by hand", resource: "by hand" });
  return {
    clock: systemClock,
    identity: { uid, ...(await createClusterCertificates({ uid, now: Date.now() })) },
    mold: byHand.mold,
    kubernetes: (access) => byHand.kubernetes(access),
    get: async (access, path) => {
      let text = "";
      await read(access, path, (piece) => (text += piece));
      return text;
    },
    watch: async (access, path, line, signal) => {
      let text = "";
      const take = (piece: string): void => {
        const lines = (text + piece).split("\n");
        text = lines.pop()!;
        lines.filter(Boolean).forEach(line);
      };
      await read(access, path, take, signal);
    },
    newRun: () => ({ session, throwIfKilled: () => undefined }),
    run: (work) => work,
    close: async () => {
      await mold.reset();
      await mold.close();
    },
  };
}

function read({ endpoint, caCertificate: ca, clientCertificate: cert, clientKey: key }: ClusterAccess, path: string, take: (piece: string) => void, signal?: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, agent: false, ca, cert, key, timeout: longestSilenceMs, ...(signal ? { signal } : {}) }, (answer) => {
      const { statusCode } = answer;
      answer.setEncoding("utf8").on("error", reject);
      if (statusCode === 200) answer.on("data", take).on("end", resolve);
      else answer.resume().on("end", () => reject(statusCode === 410 ? new TooOld(path) : new Error(`HTTP ${statusCode}`)));
    });
    asked.on("timeout", () => asked.destroy(new Error("silence"))).on("error", reject).end();
  });
}
