import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { guardOutgoingSockets } from './guard-sockets.js';

/** More than the buffers of two sockets hold. */
const BODY = Buffer.alloc(16_000_000, 'x');
const REQUESTS = 10;

describe('guardOutgoingSockets', () => {
  it.each([413, 503, 200])('keeps an early %d on a kept connection from being an uncaught error', async (status) => {
    guardOutgoingSockets();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.pause();
        socket.end(`HTTP/1.1 ${status} Early\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const agent = new Agent({ keepAlive: true });
    let ended = 0;
    for (let turn = 0; turn < REQUESTS; turn += 1) {
      const { port } = server.address() as AddressInfo;
      await new Promise<void>((resolve) => {
        const sent = request({ host: '127.0.0.1', port, method: 'POST', agent }, (response) => {
          response.resume();
          response.on('end', resolve);
          response.on('error', () => resolve());
        });
        sent.on('error', () => resolve());
        sent.end(BODY);
      });
      ended += 1;
      // The failed write is reported after the response.
      await sleep(20);
    }
    expect(ended).toBe(REQUESTS);
    agent.destroy();
    server.close();
  });
});
