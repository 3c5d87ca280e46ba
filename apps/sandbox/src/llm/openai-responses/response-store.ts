import { badRequest, ProviderError } from '../provider-error.js';

export type ResponseItem = { type?: string | null; id?: string } & Record<string, unknown>;

/** What the Responses API keeps between requests: responses, conversations and their items. */
export class ResponseStore {
  private readonly histories = new Map<string, ResponseItem[]>();
  private readonly conversations = new Map<string, ResponseItem[]>();
  private readonly items = new Map<string, ResponseItem>();
  /** Which reasoning item a call or message was produced with. */
  private readonly reasoningOf = new Map<string, string>();

  /** Input and output of a stored response and of all before it. Throws ProviderError when there is none. */
  history(responseId: string): ResponseItem[] {
    const history = this.histories.get(responseId);
    if (!history) {
      throw badRequest(`Previous response with id '${responseId}' not found.`, {
        code: 'previous_response_not_found',
        param: 'previous_response_id',
      });
    }
    return history;
  }

  /** Items of a conversation. Throws ProviderError (404) when there is none. */
  conversation(id: string): ResponseItem[] {
    const items = this.conversations.get(id);
    if (!items) throw new ProviderError(404, `Conversation with id '${id}' not found.`, { param: 'conversation' });
    return items;
  }

  createConversation(id: string): void {
    this.conversations.set(id, []);
  }

  /** The item that an `item_reference` stands for. Throws ProviderError (404) when it is unknown. */
  item(id: string): ResponseItem {
    const item = this.items.get(id);
    if (!item) throw new ProviderError(404, `Item with id '${id}' not found.`, { param: 'input' });
    return item;
  }

  reasoningFor(itemId: string): string | undefined {
    return this.reasoningOf.get(itemId);
  }

  /** Remembers which output belongs to which reasoning, whether or not the response is stored. */
  issue(output: readonly ResponseItem[]): void {
    const reasoning = output.find((item) => item.type === 'reasoning')?.id;
    for (const item of output) {
      if (reasoning !== undefined && item.id !== undefined && item.type !== 'reasoning')
        this.reasoningOf.set(item.id, reasoning);
    }
  }

  store(
    responseId: string,
    history: readonly ResponseItem[],
    output: readonly ResponseItem[],
    conversation?: string,
  ): void {
    const all = [...history, ...output];
    this.histories.set(responseId, all);
    for (const item of all) if (item.id !== undefined) this.items.set(item.id, item);
    if (conversation !== undefined) this.conversations.set(conversation, all);
  }
}
