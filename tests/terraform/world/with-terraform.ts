import { terraform } from "./engine";

/** Tests that need the engine are counted as skipped where there is none. */
export const describeWithTerraform = terraform === undefined ? describe.skip : describe;
