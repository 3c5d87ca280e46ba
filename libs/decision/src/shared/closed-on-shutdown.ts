import type { FactoryProvider, InjectionToken, OnApplicationShutdown } from '@nestjs/common';

/** A provider that closes another one after the last request was answered. An error while closing is no error. */
export function closedOnShutdown<T>(token: InjectionToken<T>, close: (value: T) => unknown): FactoryProvider {
  return {
    provide: Symbol(`closes ${String(token)}`),
    inject: [token],
    useFactory: (value: T): OnApplicationShutdown => ({
      onApplicationShutdown: async () => {
        await Promise.resolve()
          .then(() => close(value))
          .catch(() => undefined);
      },
    }),
  };
}
