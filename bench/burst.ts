import { once } from 'node:events';
import { createConnection } from 'node:net';

/**
 * Posts to all these paths at the same moment, on connections that are there already, and returns the ms until the last
 * answer; throws if any is not 200. Bare sockets, so that the generator takes little from the cores that it shares.
 */
export async function burst(url: string, paths: string[]): Promise<number> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    paths.map(async () => {
      const socket = createConnection({ host: hostname, port: Number(port) });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const start = performance.now();
  const answers = sockets.map(async (socket, i) => {
    socket.write(`POST ${paths[i]} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 0\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    if (!String(answer).startsWith('HTTP/1.1 200')) throw new Error(`not every answer was good: ${answer}`);
  });
  await Promise.all(answers);
  const ms = performance.now() - start;
  for (const socket of sockets) socket.destroy();
  return ms;
}
