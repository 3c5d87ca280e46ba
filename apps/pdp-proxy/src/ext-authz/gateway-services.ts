import { type Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Logger } from '@iris/telemetry';
import type { Caller } from '../callers/index.js';
import { callScope } from '../cerbos/call-scope.js';
import { callerOf } from '../cerbos/grpc-authentication.js';
import type { ExtAuthz } from './ext-authz.js';
import type { ExtMcp } from './ext-mcp.js';
import { ExtMcpService } from './generated/agentgateway/ext_mcp.js';
import { AuthorizationService } from './generated/envoy/service/auth/v3/external_auth.js';

/** The gRPC services by which gateways ask. A gateway that gets an error instead of an answer denies the request. */
export class GatewayServices {
  constructor(
    private readonly extAuthz: ExtAuthz,
    private readonly extMcp: ExtMcp,
    private readonly budgetMs: number,
    private readonly logger: Logger,
  ) {}

  addTo(server: Server): void {
    server.addService(AuthorizationService, {
      check: this.unary((request: Parameters<ExtAuthz['check']>[0], caller, call) => {
        const { budget, signal, done } = callScope(call, this.budgetMs);
        return this.extAuthz.check(request, { caller, protocol: 'ext_authz', budget, signal }).finally(done);
      }),
    });
    server.addService(ExtMcpService, {
      checkRequest: this.unary((request: Parameters<ExtMcp['checkRequest']>[1], caller) =>
        this.extMcp.checkRequest(caller, request),
      ),
      checkResponse: this.unary((request: Parameters<ExtMcp['checkResponse']>[1], caller) =>
        this.extMcp.checkResponse(caller, request),
      ),
    });
  }

  private unary<I, O>(handle: (request: I, caller: Caller, call: ServerUnaryCall<I, O>) => Promise<O>) {
    return (call: ServerUnaryCall<I, O>, callback: sendUnaryData<O>): void => {
      handle(call.request, callerOf(call.metadata) as Caller, call).then(
        (answer) => callback(null, answer),
        (error: unknown) => {
          this.logger.error({ err: error }, 'unexpected error while a gateway asks');
          callback({ code: status.INTERNAL, details: 'unexpected error' });
        },
      );
    };
  }
}
