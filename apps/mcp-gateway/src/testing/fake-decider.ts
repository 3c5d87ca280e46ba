import {
  CallDecider,
  type CallOrigin,
  type CallVerdict,
  type ListedTool,
  type McpCall,
  type ToolVisibility,
  toolKey,
} from '@iris/mcp-calls';

/** Denies names that begin with `denied`, and hides them; asks for those that begin with `asked`. */
export class FakeDecider extends CallDecider {
  readonly calls: McpCall[] = [];
  private readonly listeners = new Set<(concerns: (id: string) => boolean) => void>();

  async decide(call: McpCall): Promise<CallVerdict> {
    this.calls.push(call);
    const name = call.tool ?? JSON.stringify(call.params ?? {});
    if (name.includes('denied')) return { action: 'deny', reason: 'policy_denied', message: 'not now [policy_denied]' };
    if (!name.startsWith('asked') || call.confirmed) return { action: 'allow', reason: 'policy_allowed' };
    if (call.canAsk) return { action: 'ask', reason: 'policy_allowed', message: 'Really?' };
    return { action: 'deny', reason: 'nobody_to_ask', message: 'nobody to ask' };
  }

  async visibility(_origin: CallOrigin, tools: readonly ListedTool[]): Promise<ToolVisibility> {
    const hidden = tools.filter(({ name }) => name.startsWith('denied'));
    return { hidden: new Set(hidden.map(toolKey)), ttlMs: 5000 };
  }

  onFactsChanged(listener: (concerns: (id: string) => boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(id: string): void {
    for (const listener of this.listeners) listener((each) => each === id);
  }
}
