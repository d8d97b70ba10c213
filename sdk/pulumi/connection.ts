/**
 * How a program says which Mold it is for: not at all. Connections are configuration of the stack, so that the same program runs
 * against any Mold and no key is ever an argument, in code or in a resource's state.
 *
 * ```sh
 * pulumi config set ablestack:apiUrl https://mold.example.com/client/api
 * pulumi config set ablestack:apiKey …
 * pulumi config set --secret ablestack:secretKey    # asks for it
 * ```
 *
 * Or by environment: `ABLESTACK_API_URL`, `ABLESTACK_API_KEY`, `ABLESTACK_SECRET_KEY`, then `CLOUDSTACK_…`. A further connection is
 * `pulumi config set --path ablestack:connections.seoul.apiUrl …` and so on, and a resource names it: `connection: "seoul"`.
 */
export type { ConnectionConfig } from "../../schema/generated/types";
