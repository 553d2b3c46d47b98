/** Which peers are installed, and how they are started; for the rest, what installs them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type Peer, startPeer } from "./child.ts";
import type { PeerName } from "./jobs.ts";

const folder = "bench/peers";

export interface Found {
  readonly peers: readonly Peer[];
  /** A line for each that is missing. */
  readonly missing: readonly string[];
}

/** Peers with so many threads each. `python`: of another environment than that of setup.sh. */
export async function findPeers(threads: number, python: string | null): Promise<Found> {
  const peers: Peer[] = [];
  const missing: string[] = [];
  for (const { name, part, command } of candidates(threads, python)) {
    try {
      if (command === null) missing.push(`${name} is not installed: sh ${folder}/setup.sh ${part}`);
      else peers.push(await startPeer(command));
    } catch (error) {
      const [why] = String(error).trim().split("\n").slice(-1);
      missing.push(`${name} does not start (${why}): sh ${folder}/setup.sh ${part}`);
    }
  }
  return { peers, missing };
}

interface Candidate {
  readonly name: PeerName;
  readonly part: "node" | "python";
  readonly command: Command | null;
}

function candidates(threads: number, python: string | null): readonly Candidate[] {
  const interpreter = python ?? join(folder, ".venv/bin/python");
  const withPython = (name: PeerName, script: string): Candidate => {
    const inputs = ["-B", join(folder, script), `${threads}`];
    const command = existsSync(interpreter) ? { name, command: interpreter, inputs } : null;
    return { name, part: "python", command };
  };
  const withNode = (name: PeerName, script: string, needs: string): Candidate => {
    const inputs = [fileURLToPath(new URL(script, import.meta.url)), `${threads}`];
    const installed = existsSync(join(folder, "node_modules", needs));
    return { name, part: "node", command: installed ? { name, command: process.execPath, inputs } : null };
  };
  return [
    withPython("PyTorch", "torch_peer.py"),
    withPython("JAX", "jax_peer.py"),
    withNode("ONNX Runtime", "./onnx.js", "onnxruntime-node"),
    ...(threads === 1 ? [withNode("TensorFlow.js", "./tensorflow.js", "@tensorflow/tfjs-backend-wasm")] : []),
  ];
}
