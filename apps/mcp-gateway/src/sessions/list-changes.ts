import type { CallDecider, Caller } from '@iris/mcp-calls';
import type { OpenStream } from '../relay/relay-response.js';
import type { SessionTable } from './session-table.js';

/** A stream of a request of the specification 2026-07-28 that asked for changes of the list of tools. */
interface Listener {
  readonly caller: Caller;
  readonly stream: OpenStream;
  readonly text: string;
}

const LIST_CHANGED = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });

/** Notifies clients of a changed list of tools when the facts of their person change. */
export class ListChanges {
  private readonly listeners = new Set<Listener>();
  private readonly stop: () => void;

  constructor(decider: CallDecider, sessions: SessionTable) {
    this.stop = decider.onFactsChanged((concerns) => {
      for (const { caller, streams } of sessions.all()) {
        if (concerns(caller.who.id)) for (const stream of streams) stream.inject(LIST_CHANGED);
      }
      for (const { caller, stream, text } of this.listeners) if (concerns(caller.who.id)) stream.inject(text);
    });
  }

  /** @param text the notification of this stream @returns a function that ends it */
  listen(caller: Caller, stream: OpenStream, text: string): () => void {
    const listener = { caller, stream, text };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the streams that wait for changes. */
  endStreams(): void {
    for (const { stream } of this.listeners) stream.end();
  }

  close(): void {
    this.stop();
  }
}
