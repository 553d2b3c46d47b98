/** Serves the built library as it is, no bundler, and a page that has nothing but an import map. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

/** dist-tools/test/browser/ is three below. */
const root = new URL("../../../", import.meta.url);
const places: Readonly<Record<string, URL>> = {
  "/src/": new URL("dist/", root),
  "/test/": new URL("dist-tools/test/", root),
};
const imports = {
  "unroll-rnn": "/src/index.js",
  "#native": "/src/core/run/native.browser.js",
  "#store": "/src/nn/model/store.browser.js",
};
const head = `<!doctype html>
<meta charset="utf-8">
<title>Unroll</title>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>
`;

export interface Site {
  readonly url: string;
  close(): void;
}
/** A page that begins by itself, and tells what came of it. */
export interface Own {
  /** The path of its script. */
  readonly script: string;
  /** Called with what the script posts to "/report". */
  readonly receive: (text: string) => void;
}

/** With `isolated`, the headers that let a page share memory with its workers. */
export async function serve(isolated: boolean, own: Own | null = null): Promise<Site> {
  const page = own === null ? head : `${head}<script type="module" src="${own.script}"></script>\n`;
  const headers = isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://page").pathname;
    if (path === "/report") own?.receive(await textOf(request));
    const body = path === "/" ? page : await scriptAt(path);
    const type = path === "/" ? "text/html" : "text/javascript";
    response.writeHead(body === null ? 404 : 200, { ...headers, "Content-Type": type });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${portOf(server)}/`, close: () => closed(server) };
}

const textOf = async (request: IncomingMessage): Promise<string> =>
  Buffer.concat((await request.toArray()) as Buffer[]).toString();

async function scriptAt(path: string): Promise<Buffer | null> {
  const place = Object.keys(places).find((prefix) => path.startsWith(prefix));
  if (place === undefined || !path.endsWith(".js")) return null;
  const file = fileURLToPath(new URL(path.slice(place.length), places[place]));
  return readFile(file).catch(() => null);
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function closed(server: Server): void {
  server.close();
  server.closeAllConnections();
}
