/** What runs in the page: the trainings that its address names, one after the other; the last one's hash is reported. */
import { type Circumstances, type Trained, trained } from "./training.ts";

export type PageReport = (Trained & { readonly engine: string }) | { readonly error: string };

async function report(): Promise<PageReport> {
  const parts = JSON.parse(
    new URLSearchParams(location.search).get("parts") ?? "[]",
  ) as readonly Circumstances[];
  let last: Trained | null = null;
  for (const part of parts) last = await trained(part);
  return last === null ? { error: "no training" } : { ...last, engine: navigator.userAgent };
}

const told = await report().catch((error: unknown): PageReport => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(told) });
