/** One attempt to deliver a webhook. */
export interface DeliveryAttempt {
  /** Absent when no answer came in time. */
  readonly status?: number;
  readonly durationMs: number;
}

export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** How often the vendor tries again when the answer is late, a 5xx or, if it counts as such, a 429. */
  readonly retries: number;
  readonly retryOn429?: boolean;
  /** How many times the whole delivery is made, as a vendor does that delivers at least once. */
  readonly repeat?: number;
}

/** Posts a webhook as its vendor would, and reports every attempt in order. */
export async function deliver(delivery: Delivery): Promise<DeliveryAttempt[]> {
  const attempts: DeliveryAttempt[] = [];
  for (let turn = 0; turn < (delivery.repeat ?? 1); turn++) {
    for (let retry = 0; retry <= delivery.retries; retry++) {
      const attempt = await post(delivery);
      attempts.push(attempt);
      const { status } = attempt;
      if (status !== undefined && status < 500 && !(status === 429 && delivery.retryOn429)) break;
    }
  }
  return attempts;
}

async function post(delivery: Delivery): Promise<DeliveryAttempt> {
  const begun = performance.now();
  const durationMs = () => Math.round(performance.now() - begun);
  try {
    const reply = await fetch(delivery.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...delivery.headers },
      body: delivery.body,
      signal: AbortSignal.timeout(delivery.timeoutMs),
      redirect: 'manual',
    });
    await reply.arrayBuffer();
    return { status: reply.status, durationMs: durationMs() };
  } catch {
    return { durationMs: durationMs() };
  }
}
