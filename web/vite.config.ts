import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The page carries the program's version: when the server answers with another, it reloads.
const version = /project\(\w+ VERSION ([\d.]+)/.exec(readFileSync("../CMakeLists.txt", "utf8"))?.[1] ?? "0";

export default defineConfig({
  plugins: [svelte()],
  define: { __VERSION__: JSON.stringify(version) },
  build: {
    target: "es2022",
    // The server forbids data: for everything but pictures, and small files are few.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:7860", "/health": "http://127.0.0.1:7860" } },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    // Runes compile for the browser only so; otherwise effects never run.
    testTransformMode: { web: ["**/*.test.ts"] },
  },
});
