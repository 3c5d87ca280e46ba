import {
  ChannelCredentials,
  Client,
  type Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { type Certificates, channelCredentials } from '@iris/grpc-tls';
import { pdpChannelOptions } from '@iris/pdp';

export interface PdpGrpcOptions {
  /** `host:port` or `unix:/path`. */
  readonly target: string;
  /** true trusts the public authorities. */
  readonly tls: boolean | Certificates;
  /** Largest answer in bytes. */
  readonly maxAnswerBytes: number;
}

/** How one call is made. */
export interface GrpcCall {
  readonly metadata: Metadata;
  /** Epoch ms. */
  readonly deadline: number;
  /** Aborted when the caller is gone. */
  readonly signal?: AbortSignal;
}

/** The PDP's answer as bytes, or its error as it was sent. */
export type GrpcReply =
  | { readonly ok: true; readonly bytes: Buffer; readonly headers?: Metadata }
  | { readonly ok: false; readonly error: Pick<ServiceError, 'code' | 'details' | 'metadata'> };

/** Calls of the PDP over gRPC whose messages are bytes. Never rejects. */
export class PdpGrpc {
  private readonly client: Client;

  constructor({ target, tls, maxAnswerBytes }: PdpGrpcOptions) {
    this.client = new Client(target, credentialsOf(tls), {
      ...pdpChannelOptions(['UNAVAILABLE']),
      'grpc.max_receive_message_length': maxAnswerBytes,
    });
  }

  /** @param path such as `/cerbos.svc.v1.CerbosService/CheckResources` */
  call(path: string, message: Uint8Array, { metadata, deadline, signal }: GrpcCall): Promise<GrpcReply> {
    return new Promise((resolve) => {
      const bytes = Buffer.isBuffer(message)
        ? message
        : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
      let headers: Metadata | undefined;
      const call = this.client.makeUnaryRequest(
        path,
        asIs,
        asIs,
        bytes,
        metadata,
        { deadline },
        (error: ServiceError | null, answer?: Buffer) => {
          signal?.removeEventListener('abort', cancel);
          if (error !== null) resolve({ ok: false, error });
          else if (answer === undefined) resolve(noAnswer(metadata));
          else resolve({ ok: true, bytes: answer, headers });
        },
      );
      call.on('metadata', (received) => {
        headers = received;
      });
      const cancel = () => call.cancel();
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.client.close();
  }
}

/** A method whose messages are bytes. */
export function bytesMethod(path: string): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function noAnswer(metadata: Metadata): GrpcReply {
  return { ok: false, error: { code: status.INTERNAL, details: 'the PDP sent no answer', metadata } };
}

function credentialsOf(tls: boolean | Certificates): ChannelCredentials {
  if (typeof tls !== 'boolean') return channelCredentials(tls);
  return tls ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
}
