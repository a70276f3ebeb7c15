import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type ProxyOptions } from "vite";

// The page carries the program's version: when the server answers with another, it reloads.
const version = /project\(\w+ VERSION ([\d.]+)/.exec(readFileSync("../CMakeLists.txt", "utf8"))?.[1] ?? "0";

const server = process.env["PENTIMENTO_SERVER"] ?? "http://127.0.0.1:7860";
// The program answers its own page only: what comes from here must not say where it comes from.
const target: ProxyOptions = { target: server, headers: { origin: server, "accept-encoding": "identity" }, changeOrigin: true };
const proxy = { "/api": target, "/health": target };

export default defineConfig({
  plugins: [svelte()],
  define: { __VERSION__: JSON.stringify(version) },
  build: {
    target: "es2022",
    // The server forbids data: for everything but pictures, and small files are few.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev`: the page as it is written, over a program that runs already.
  server: { proxy },
  preview: { proxy },
});
