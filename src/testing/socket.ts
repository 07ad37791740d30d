import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A connection to the server at this URL. */
export function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return createConnection({ host: hostname, port: Number(port) }).setEncoding('utf8');
}

/** Resolves with all received text when the connection is closed. `once(socket, 'close')` would reject on a reset. */
export function receiveAll(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.once('close', () => resolve(received));
  return promise;
}

/** Sends bytes on a new connection and resolves with all answers when the server closes it. */
export function exchange(url: string, bytes: string): Promise<string> {
  const socket = connectTo(url);
  socket.write(bytes);
  return receiveAll(socket);
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
