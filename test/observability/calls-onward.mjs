// An app that is asked over HTTP and asks a vendor over undici and a PDP over gRPC, as the gateway and the enrichers do.
// Arguments: URL of the vendor, host:port of the PDP. Prints its own URL.
import { createServer } from 'node:http';
import grpc from '@grpc/grpc-js';
import { request } from 'undici';

const [vendorUrl, pdpTarget] = process.argv.slice(2);
const pdp = new grpc.Client(pdpTarget, grpc.credentials.createInsecure());
const bytes = (value) => value;

const server = createServer(async (_request, response) => {
  await (await request(vendorUrl)).body.dump();
  await new Promise((resolve) => {
    pdp.makeUnaryRequest('/test.Pdp/CheckResources', bytes, bytes, Buffer.from(''), new grpc.Metadata(), resolve);
  });
  response.end();
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
