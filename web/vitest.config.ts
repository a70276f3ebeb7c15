// How the page's units are tested; apart from vite.config.ts, because ./run builds without vitest.
import { defineConfig, mergeConfig } from "vitest/config";
import page from "./vite.config.js";

export default mergeConfig(
  page,
  defineConfig({
    resolve: { conditions: ["browser"] },
    test: {
      environment: "node",
      setupFiles: ["./vitest.setup.ts"],
      include: ["src/**/*.test.ts"],
      // Runes compile for the browser only so; otherwise effects never run.
      testTransformMode: { web: ["**/*.test.ts"] },
    },
  }),
);
