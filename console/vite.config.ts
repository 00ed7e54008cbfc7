import { defineConfig } from "vitest/config";

const SERVER = process.env.PINYON_SERVER ?? "http://127.0.0.1:5080";
// Everything but the console's own files is the API's, which `npm run dev` asks of a running server.
const API = "^/(?!console/|@|src/|node_modules/)";

export default defineConfig({
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/pinyon/console/assets",
    emptyOutDir: true,
    target: "es2022",
    // Inline scripts and data: styles are refused by the page's own security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { [API]: { target: SERVER, changeOrigin: true } } },
  test: { css: true, include: ["src/**/*.test.ts"] },
});
