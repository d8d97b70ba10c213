/** To an HTTPS server behind a proxy: a tunnel (CONNECT), bounded like any other connection. */
import { createRequire } from "node:module";
import type { Agent, AgentOptions } from "node:https";
import type { Socket } from "node:net";
import { checkServerIdentity as checkIdentity, type PeerCertificate } from "node:tls";
import { type Bound, tooLate } from "./agents";

const load = createRequire(__filename);

/** The library is loaded here because few connections need it. */
export function tunnelAgent(proxy: URL, settings: AgentOptions & Bound): Agent {
  const { HttpsProxyAgent } = load("https-proxy-agent") as typeof import("https-proxy-agent");
  type Library = InstanceType<typeof HttpsProxyAgent<string>>;

  class Tunnel extends HttpsProxyAgent<string> {
    override async connect(...[request, target]: Parameters<Library["connect"]>): Promise<Socket> {
      const { connectMs, ca, rejectUnauthorized } = settings;
      const end = new AbortController();
      const timer = setTimeout(() => end.abort(), connectMs);
      // Read by super.connect before it first waits, so that each connection has a signal of its own.
      this.connectOpts = { ...this.connectOpts, signal: end.signal } as typeof this.connectOpts;
      try {
        // The library uses what it was told about certificates for the proxy only, not for the server behind it; and where that
        // is an address, not a name, it forgets it, so that the certificate would be looked at for "localhost".
        const checkServerIdentity = (_: string, certificate: PeerCertificate): Error | undefined => checkIdentity(target.host ?? "", certificate);
        return await super.connect(request, { ...target, ca, rejectUnauthorized, checkServerIdentity } as typeof target);
      } catch (error) {
        throw end.signal.aborted ? tooLate(connectMs) : error;
      } finally {
        clearTimeout(timer);
      }
    }
  }

  const agent = new Tunnel(proxy, settings as ConstructorParameters<typeof HttpsProxyAgent<string>>[1]);
  // It also replaces the options that Node's agents keep: the limit for unused connections has to be put back.
  Object.assign(agent.options, { timeout: settings.timeout });
  return agent as unknown as Agent;
}
