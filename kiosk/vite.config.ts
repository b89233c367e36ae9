// How the page is built: relative addresses, nothing inline (the policy is default-src 'self'),
// licences of everything bundled written beside it. Texts come from ../edge/texts at build time.
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    target: "chrome120",
    assetsInlineLimit: 0,
    license: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: { input: ["index.html", "service.html"] },
  },
  server: { fs: { allow: [".", "../edge/texts"] } },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
