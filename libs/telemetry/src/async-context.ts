import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * Carries the context of OpenTelemetry along promises and callbacks. Event emitters are left as they are: binding one
 * wraps each of its listeners, which costs more than the spans of a hook, and what awaits an event continues in its own
 * context anyway.
 */
export class AsyncContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => run.apply(thisArg, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const manager = this;
    const run = target as (this: unknown, ...args: unknown[]) => unknown;
    function bound(this: unknown, ...args: unknown[]): unknown {
      return manager.with(context, () => run.apply(this, args));
    }
    return bound as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
