import { defineConfig, type Plugin } from "vite";

/** Vite's helper for dynamic imports preloads their style sheets and chunks. There is one style sheet here, and chunks are small: the helper is larger than what it saves. */
const plainImports: Plugin = {
  name: "plain-imports",
  enforce: "pre",
  load: (id) => (id.includes("vite/preload-helper") ? "export const __vitePreload = (load) => load();" : null),
};

// What every session needs: all that is common, but for what only some pages use.
const PANEL = /node_modules|src[\\/]common[\\/](?!words|countries|draft|ui[\\/](D[ri]|SignIn|Withheld|Badge|Pager))|preload-helper/;
const CONSOLE = /node_modules|src[\\/]common[\\/](?!words|countries|draft|ui[\\/](D[ri]|SignIn))|preload-helper/;

// Each app is built by itself (`--mode panel`, then `--mode console`), so that neither loads what only the other needs.
export default defineConfig(({ mode }) => ({
  plugins: [plainImports],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    emptyOutDir: mode === "panel",
    assetsInlineLimit: 0, // the page's policy has no data: scripts or styles
    modulePreload: false,
    rolldownOptions: {
      input: mode === "panel" ? "index.html" : "console.html",
      // What a session always needs in one file: many small ones compress worse.
      output: { codeSplitting: { groups: [{ name: "common", test: mode === "panel" ? PANEL : CONSOLE }] } },
    },
  },
}));
