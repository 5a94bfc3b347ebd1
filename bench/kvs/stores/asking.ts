export const patienceMs = 2_000;

/** The body of an answer with a status from 200 to 299 or 404; rejects otherwise. */
export async function askJson(url: string, body?: object): Promise<Record<string, unknown>> {
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok && response.status !== 404) throw new Error(`${url} answered ${response.status}.`);
  return (await response.json()) as Record<string, unknown>;
}
