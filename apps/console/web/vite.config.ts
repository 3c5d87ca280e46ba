import { defineConfig } from 'vite';

/** Builds the page beside the server that serves it. Nothing is inlined: the page's policy allows files of its own only. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../../dist/apps/console/web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The page ships these libraries, so it ships their licences.
    license: { fileName: 'licenses.md' },
  },
});
