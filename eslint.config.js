// Lint = strict TypeScript + the architecture rules of ARCHITECTURE.md, as errors.
import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";

/** Bans imports in a set of files, each ban with the reason a reader sees. */
const ban = (files, ignores, patterns) => ({
  files,
  ignores,
  rules: { "no-restricted-imports": ["error", { patterns: patterns.map(([group, message]) => ({ group, message })) }] },
});

const NODE = [["node:*"], "This code runs anywhere: node:* only in the entries that say so."];
const ORT = [["onnxruntime-*"], "Only core/src/runtime speaks to ONNX Runtime."];

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/", "**/dist/", "**/.next/", "**/.wrangler/", "**/*_pb.ts", "**/.data/", "runs/", "**/next-env.d.ts",
      "**/worker-configuration.d.ts", ".cache/",
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js", "*.ts", "scripts/*.mjs"] }, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-extraneous-dependencies": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // Tensor code is full of `a[i]` that is in range by construction; the index type says `| undefined`.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "The environment is parsed once, with zod, in an env.ts file." },
      ],
    },
  },
  { files: ["**/env.ts", "**/*.config.ts", "**/*.config.js", "**/scripts/**"], rules: { "no-restricted-properties": "off" } },
  {
    files: ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"],
    ignores: ["packages/core/src/weights/key-map.ts", "**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...["Literal[value=", "TemplateElement[value.raw="].map((node) => ({
        selector: `${node}/diffusion_model|first_stage_model|cond_stage_model|_blip|Qformer/]`, message: "Only core/src/weights/key-map.ts knows the names of foreign checkpoints.",
      }))],
    },
  },
  // Tests may assert on what the types call possible, and index fixtures they wrote themselves.
  { files: ["**/*.test.ts", "**/test/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off", "no-restricted-properties": "off" } },
  ban(["packages/core/src/**"], ["packages/core/src/runtime/**", "packages/core/src/node/**", "packages/core/src/node.ts", "**/*.test.ts"], [NODE, ORT]),
  ban(["packages/core/src/graph/**"], ["**/*.test.ts"], [NODE, ORT, [["**/models/**", "**/sampling/**", "**/pipeline/**", "**/weights/**", "**/presets.ts"], "graph/ knows tensors only."]]),
  ban(["packages/core/src/models/**"], ["**/*.test.ts"], [NODE, ORT, [["**/pipeline/**", "**/weights/**", "**/sampling/**", "**/presets.ts"], "models/ are functions over graph/."]]),
  ban(["packages/core/src/sampling/**"], ["**/*.test.ts"], [NODE, ORT, [["**/pipeline/**", "**/weights/**", "**/models/**", "**/graph/**", "**/presets.ts"], "sampling/ is plain arithmetic."]]),
  ban(["packages/schemas/src/**", "packages/client/src/**"], ["**/*.test.ts"], [NODE, ORT]),
  ban(["apps/**", "packages/training/**"], [], [ORT, [["@deadiff/core/src/*"], "Use core's entries."]]),
  ban(["apps/edge-api/src/**"], ["apps/edge-api/src/node.ts", "apps/edge-api/src/status.ts", "**/*.test.ts"], [NODE, ORT]),
  { files: ["**/*.js", "**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
