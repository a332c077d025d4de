import { defineConfig } from "vitest/config";

/** Under test the second part is imported as it stands: nothing is shared with it. */
const shared = {
  name: "shared",
  resolveId: (id: string) => (id === "virtual:shared" ? "\0virtual:shared" : null),
  load: (id: string) => (id === "\0virtual:shared" ? "export const shared = () => ({});" : null),
};

export default defineConfig({
  plugins: [shared],
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "happy-dom", css: true, testTimeout: 30_000 },
});
