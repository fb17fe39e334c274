import { defineConfig, type Plugin } from "vite";

/** Vite's helper for dynamic imports preloads their style sheets and chunks. There is one style sheet here, and chunks are small: the helper is larger than what it saves. */
const plainImports: Plugin = {
  name: "plain-imports",
  enforce: "pre",
  load: (id) => (id.includes("vite/preload-helper") ? "export const __vitePreload = (load) => load();" : null),
};

export default defineConfig({
  plugins: [plainImports],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // the page's policy has no data: scripts or styles
    modulePreload: false,
    rolldownOptions: { input: ["index.html", "console.html"] },
  },
});
