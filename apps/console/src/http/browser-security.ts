import helmet from '@fastify/helmet';
import type { Logger } from '@iris/telemetry';
import { count } from '@iris/telemetry';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

const REPORT_PATH = '/csp-report';
const MAX_REPORT_BYTES = 16_384;
const HSTS_SECONDS = 31_536_000;

/** Reports of the content security policy since the start. */
export class SecurityReports {
  count = 0;
}

/**
 * The headers that keep a browser from running, framing or sending anything that is not the console's own, and the
 * endpoint for what a browser reports. Nothing is inline, so no nonce is needed.
 */
export async function secureForBrowsers(
  app: NestFastifyApplication,
  { tls, reports, logger }: { readonly tls: boolean; readonly reports: SecurityReports; readonly logger: Logger },
): Promise<void> {
  const own = ["'self'"];
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': own,
        'style-src': own,
        'img-src': own,
        'font-src': own,
        'connect-src': own,
        'form-action': own,
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
        'report-uri': [REPORT_PATH],
      },
    },
    strictTransportSecurity: tls ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRequest', async (_, reply) => {
    reply.header('permissions-policy', 'camera=(), microphone=(), geolocation=(), usb=(), payment=()');
  });
  fastify.addContentTypeParser(
    ['application/csp-report', 'application/reports+json'],
    { parseAs: 'string', bodyLimit: MAX_REPORT_BYTES },
    (_, body, done) => done(null, body),
  );
  fastify.post(REPORT_PATH, { bodyLimit: MAX_REPORT_BYTES }, async ({ body }, reply) => {
    reports.count += 1;
    count('iris.console.security_reports', {});
    logger.warn({ rule: violatedDirective(body) }, 'a browser reports a violation of the content security policy');
    return reply.code(204).send();
  });
}

/** The directive alone: a report holds addresses of pages too, which name people. */
function violatedDirective(body: unknown): string {
  const [, directive] = /"(?:effective-?directive|violated-directive)"\s*:\s*"([a-z-]{1,40})/i.exec(String(body)) ?? [];
  return directive ?? 'unknown';
}
