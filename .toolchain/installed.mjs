/** Exit code 0 if node_modules holds what package-lock.json says: `npm ci` would throw it away and fetch the same again. */
import { existsSync, readFileSync } from "node:fs";

const packages = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {});
const wanted = packages("package-lock.json");
const there = packages("node_modules/.package-lock.json");
const same = ([path, entry]) => wanted[path]?.version === entry.version && wanted[path]?.integrity === entry.integrity;
// What is optional may be for another system.
const missing = Object.entries(wanted).filter(([path, entry]) => path !== "" && !entry.optional && !entry.devOptional && !entry.peer && !(path in there));
const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const { dependencies: locked, devDependencies: devLocked } = wanted[""] ?? {};
const agreed = JSON.stringify([dependencies, devDependencies]) === JSON.stringify([locked, devLocked]);
process.exitCode = Object.keys(there).length > 0 && agreed && missing.length === 0 && Object.entries(there).every(same) ? 0 : 1;
