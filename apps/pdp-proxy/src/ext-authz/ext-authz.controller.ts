import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { arrivalOf } from '../http/arrival.js';
import { ExtAuthz } from './ext-authz.js';

/** Where proxies ask about HTTP requests: the prefix, then the path that they would forward. */
const HTTP_PREFIX = '/ext-authz/http';
/** The same for an MCP server, which the proxy's configuration names: `/ext-authz/mcp/<server>/<path>`. */
const MCP_PREFIX = '/ext-authz/mcp/';

/** The plain HTTP form of external authorization: 200 lets the request pass, anything else is the answer to its client. */
@Controller('ext-authz')
export class ExtAuthzController {
  constructor(@Inject(ExtAuthz) private readonly extAuthz: ExtAuthz) {}

  @All('http/*')
  http(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, request.url.slice(HTTP_PREFIX.length), undefined);
  }

  @All('mcp/*')
  mcp(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [server = '', ...rest] = request.url.slice(MCP_PREFIX.length).split('/');
    return this.answer(request, reply, `/${rest.join('/')}`, server);
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    target: string,
    server: string | undefined,
  ): Promise<void> {
    const { caller, budget, signal, body } = arrivalOf(request);
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const { status, text } = await this.extAuthz.checkHttp(
      { method: request.method, target, host: request.headers.host ?? '', body: body.toString('utf8'), header },
      server,
      { caller, protocol: 'ext_authz', budget, signal },
    );
    reply.code(status).header('content-type', 'application/json').send(text);
  }
}
