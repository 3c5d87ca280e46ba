/** A refusal that a provider states in its own words; each format wraps it in its envelope. */
export class ProviderError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** OpenAI: `code` and `param` of the envelope. Anthropic: an error code that replaces the usual type. */
    readonly detail: { code?: string; param?: string } = {},
  ) {
    super(message);
    this.name = 'ProviderError';
  }
}

/** The usual refusal: HTTP 400. */
export function badRequest(message: string, detail: { code?: string; param?: string } = {}): ProviderError {
  return new ProviderError(400, message, detail);
}
