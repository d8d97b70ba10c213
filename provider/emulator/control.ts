/** The emulator's own endpoints, beside the API: for those who know the token in its state directory. */
import { timingSafeEqual } from "node:crypto";
import type { ApiResponse } from "./dispatch";
import type { Emulator } from "./emulator";
import { faultKinds, type FaultOrder } from "./faults";
import type { Control } from "./http";

export interface ControlRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}

const json = (status: number, body: unknown): ApiResponse => ({ status, headers: { "Content-Type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) });

/**
 * - `GET /control/status`: whether it is up, what it holds.
 * - `GET /control/calls[?after=n]`, `DELETE /control/calls`.
 * - `GET /control/faults` (kinds, standing orders), `POST /control/faults` (an order), `DELETE /control/faults[?id=n]`, `POST /control/release`.
 * - `GET /control/snapshot`, `POST /control/reset`, `POST /control/stop`.
 */
export async function control(emulator: Emulator, access: Control | undefined, request: ControlRequest): Promise<ApiResponse> {
  if (access === undefined || !known(access.token, request.token)) return json(401, { error: "the control token is missing or wrong; it is in the emulator's state directory" });
  const url = new URL(request.path, "http://127.0.0.1");
  const asked = `${request.method} ${url.pathname.slice("/control/".length)}`;
  switch (asked) {
    case "GET status":
      return json(200, { up: true, empty: emulator.isEmpty(), calls: emulator.calls().length, faults: emulator.faults.standing().length });
    case "GET calls":
      return json(200, emulator.calls(Number(url.searchParams.get("after") ?? 0)));
    case "DELETE calls":
      emulator.clearCalls();
      return json(200, {});
    case "GET faults":
      return json(200, { kinds: faultKinds, standing: emulator.faults.standing() });
    case "POST faults":
      return order(emulator, request.body);
    case "DELETE faults": {
      const id = url.searchParams.get("id");
      emulator.faults.clear(id === null ? undefined : Number(id));
      return json(200, {});
    }
    case "POST release":
      emulator.faults.release();
      return json(200, {});
    case "GET snapshot":
      return json(200, emulator.snapshot());
    case "POST reset":
      await emulator.reset();
      return json(200, {});
    case "POST stop":
      if (access.stop === undefined) return json(409, { error: "this emulator is part of another process and stops with it" });
      access.stop();
      return json(200, {});
    default:
      return json(404, { error: `there is no ${asked}` });
  }
}

function order(emulator: Emulator, body: string): ApiResponse {
  try {
    return json(200, { id: emulator.faults.order(JSON.parse(body) as FaultOrder) });
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function known(token: string, given: string | undefined): boolean {
  const a = Buffer.from(token);
  const b = Buffer.from(given ?? "");
  return a.length === b.length && timingSafeEqual(a, b);
}
