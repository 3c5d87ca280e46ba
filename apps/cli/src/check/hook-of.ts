/** A call that is asked about. */
export interface AskedCall {
  readonly login: string;
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** User agent. */
  readonly client: string;
  /** Stable node id. */
  readonly node?: string;
}

/** A pre_request that declares the tool and whose history holds the call. */
export function hookOf({ login, tool, params, client, node }: AskedCall): Record<string, unknown> {
  return {
    metadata: {
      login_name: login,
      user_agent: client,
      url: '/v1/messages',
      ...(node === undefined ? {} : { stable_node_id: node }),
    },
    request_body: {
      model: 'what-if',
      max_tokens: 1,
      tools: [{ name: tool, input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'What if?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'what_if', name: tool, input: params }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'what_if', content: 'What if.' }] },
      ],
    },
  };
}
