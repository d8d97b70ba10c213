import { readFileSync } from "node:fs";
import { join } from "node:path";

export const readme = (): string => readFileSync(join(__dirname, "../../README.md"), "utf8");
