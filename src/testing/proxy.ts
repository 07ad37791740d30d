import { createServer, type IncomingMessage, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A request as it reached the proxy, for example `CONNECT provider.test:8443`. */
interface ProxiedRequest {
  line: string;
  authorization: string | undefined;
}

/** Starts an HTTP proxy on loopback. It resolves every host name to loopback, so that tests can use made-up names. */
export async function startProxy() {
  const requests: ProxiedRequest[] = [];
  const open = new Set<Socket>();
  const behaviour: { connect: 'tunnel' | 'refuse' | 'hang' } = { connect: 'tunnel' };
  let made = 0;
  let maxOpen = 0;
  const record = ({ method, url, headers }: IncomingMessage) =>
    requests.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] });

  const server = createServer((request, response) => {
    record(request);
    const { port, pathname } = new URL(request.url ?? '');
    const { method, headers } = request;
    const forwarded = sendRequest(
      { host: '127.0.0.1', port, path: pathname, method, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.on('connect', (request, socket) => {
    record(request);
    if (behaviour.connect === 'refuse') socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    if (behaviour.connect !== 'tunnel') return;
    const target = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
    socket.on('close', () => target.destroy());
  });
  server.on('connection', (socket) => {
    made += 1;
    open.add(socket);
    maxOpen = Math.max(maxOpen, open.size);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** What the proxy does with CONNECT requests. */
    behaviour,
    /** Number of connections so far, of those that are open, and of those that were open at once. */
    connections: () => ({ made, open: open.size, maxOpen }),
    close() {
      for (const socket of open) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
