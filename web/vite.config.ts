import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // the page's policy has no data: scripts or styles
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "console.html"] },
  },
});
