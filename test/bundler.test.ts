/** An app with this library is built by a bundler without settings: workers of workers are found, and no circle. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";

test("Vite builds a page with both kinds of worker", async () => {
  const root = await mkdtemp(join(tmpdir(), "unroll-vite-"));
  try {
    const entry = fileURLToPath(new URL("../dist/index.js", import.meta.url));
    await writeFile(join(root, "index.html"), '<script type="module" src="./page.js"></script>');
    await writeFile(
      join(root, "page.js"),
      `import { deviceInfo } from ${JSON.stringify(entry)}; await deviceInfo();`,
    );
    await build({ root, configFile: false, logLevel: "silent" });
    const files = (await readdir(join(root, "dist/assets"))).join(" ");
    expect(files).toMatch(/\bworker-/);
    expect(files).toMatch(/\bdeviceWorker-/);
  } finally {
    await rm(root, { recursive: true });
  }
});
