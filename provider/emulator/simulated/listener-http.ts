/** HTTP of a listener: what comes in as the API takes it, what goes out as the API means it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./kubernetes-api/api";
import { decodeProtobuf } from "./kubernetes-api/protobuf";
import type { ApiRequest } from "./kubernetes-api/request";

const LARGEST_BODY = 3 * 1024 * 1024;

/** A certificate as Node has it from a handshake. */
export function pem(raw: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(raw.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

export function respond(incoming: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if ("watch" in answer) {
    response.writeHead(answer.status, { "content-type": answer.contentType, "cache-control": "no-cache, private" });
    response.flushHeaders();
    const stop = answer.watch.start((line) => void response.write(`${line}\n`), () => void response.end());
    response.on("close", stop);
    return;
  }
  // An exec that comes to this has failed before its connection was upgraded.
  const [status, text] = "exec" in answer ? [500, Buffer.from(JSON.stringify(answer.exec.status))] : [answer.status, Buffer.from(answer.body)];
  response.writeHead(status, { "content-type": answer.contentType, "content-length": text.length, "cache-control": "no-cache, private" });
  response.end(incoming.method === "HEAD" ? undefined : text);
}

/** The API takes text: protobuf of the kinds that kubectl makes by itself becomes JSON. */
export function textBody(body: Buffer, headers: ApiRequest["headers"]): Pick<ApiRequest, "headers" | "body"> {
  if (body.length === 0) return { headers, body: undefined };
  const decoded = headers["content-type"]?.includes("protobuf") ? decodeProtobuf(body) : undefined;
  return decoded ? { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(decoded) } : { headers, body: body.toString("utf8") };
}

/** The body; undefined when it is too large or the client went away. */
export async function read(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming) {
      length += (chunk as Buffer).length;
      if (length > LARGEST_BODY) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
