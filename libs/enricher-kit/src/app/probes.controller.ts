import { All, Controller, Get, HttpException, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HeaderMap } from '../http/retry-after.js';
import { EnricherHealth } from './enricher-health.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** The HTTP side of an enricher: the probe, and the vendor's webhooks. */
@Controller()
export class ProbesController {
  constructor(
    private readonly health: EnricherHealth,
    private readonly webhooks: WebhookReceiver,
  ) {}

  /** 200 while the process serves. A vendor or a Redis that is unavailable is reported, and does not require a restart. */
  @Get('healthz')
  healthz() {
    return this.health.report();
  }

  @All('webhook')
  async webhook(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!this.webhooks.offered) throw new HttpException('Not Found', 404);
    const { status, body } = await this.webhooks.receive({
      method: request.method,
      headers: request.headers as HeaderMap,
      query: new URL(request.url, 'http://localhost').searchParams,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    });
    if (status >= 400) reply.header('content-type', 'application/problem+json');
    await reply.status(status).send(body ?? {});
  }
}
