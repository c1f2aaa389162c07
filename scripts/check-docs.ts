/** Checks that every path the documents cite in backticks or links exists. Exits 1 and lists those that do not. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = dirname(import.meta.dirname);
const documents = globSync("**/*.md", { cwd: root, exclude: (path) => path.split("/").some((part) => part === "node_modules" || part === "runs" || part.startsWith(".")) });
/** The repository's own top-level names: what starts with one of them is a path. */
const tops = new Set(readdirSync(root));

const missing: string[] = [];
let checked = 0;
for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8").replace(/```[\s\S]*?```/g, "");
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target)).map((target) => normalize(join(dirname(document), target)));
  const inline = [...text.matchAll(/`([\w@.][\w@./-]*)`/g)].map(([, path = ""]) => path)
    .filter((path) => path.includes("/") && tops.has(path.split("/")[0] ?? ""));
  for (const path of [...links, ...inline]) {
    checked++;
    if (!existsSync(join(root, path))) missing.push(`${document}: ${path}`);
  }
}
if (missing.length > 0) {
  console.error(`Cited, but not there:\n${missing.join("\n")}`);
  process.exit(1);
}
console.log(`${checked} paths that ${documents.length} documents cite exist`);
