import type { SecureContext } from 'node:tls';
import { fromBinary } from '@bufbuild/protobuf';
import { type CheckResourcesResponse, CheckResourcesResponseSchema } from '@cerbos/api/cerbos/response/v1/response_pb';
import { GRPC } from '@cerbos/grpc';
import { ChannelCredentials, Client, type ClientOptions, Metadata } from '@grpc/grpc-js';
import { pdpChannelOptions } from './pdp-channel-options.js';

const CHECK_RESOURCES = '/cerbos.svc.v1.CerbosService/CheckResources';

/** The PDP's default limit on a gRPC message, in bytes: a larger one is not kept for a second attempt. */
const RETRIED_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * The connections to the PDPs behind one name, with one set of certificates: for encoded checks, and for Cerbos' own
 * client, which makes every other call.
 */
export class PdpConnection {
  readonly sdk: GRPC;
  private readonly client: Client;

  /**
   * @param target `host:port` or `unix:/path`
   * @param tls true trusts the public authorities
   */
  constructor(target: string, tls: boolean | SecureContext) {
    this.client = new Client(target, credentialsOf(tls), {
      ...pdpChannelOptions(['UNAVAILABLE', 'INTERNAL']),
      'grpc.per_rpc_retry_buffer_size': RETRIED_MESSAGE_BYTES,
    });
    const shared: ClientOptions = { channelOverride: this.client.getChannel() };
    this.sdk = new GRPC(target, { tls, channelOptions: shared });
  }

  /**
   * @param request an encoded `CheckResourcesRequest`
   * @throws ServiceError with the status of the PDP; the reason of the signal when it is aborted
   */
  check(
    request: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CheckResourcesResponse> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const call = this.client.makeUnaryRequest(
        CHECK_RESOURCES,
        asBuffer,
        read,
        request,
        metadata,
        (error, response) => {
          if (error !== null) reject(error);
          else if (response === undefined) reject(new Error('the PDP answered without a message'));
          else resolve(response);
        },
      );
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason);
          call.cancel();
        },
        { once: true },
      );
    });
  }

  /** Calls in flight end with an error. */
  close(): void {
    this.client.close();
  }
}

function credentialsOf(tls: boolean | SecureContext): ChannelCredentials {
  if (typeof tls !== 'boolean') return ChannelCredentials.createFromSecureContext(tls);
  return tls ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function read(message: Buffer): CheckResourcesResponse {
  return fromBinary(CheckResourcesResponseSchema, message, { readUnknownFields: false });
}
