import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';

/** Node.js cannot create certificates. */
export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;

/** Creates a self-signed certificate in this folder. `path` can be the value of NODE_EXTRA_CA_CERTS. */
export function createCertificate(folder: string, host: string) {
  const path = `${folder}/certificate.pem`;
  const keyPath = `${folder}/key.pem`;
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${host}`];
  const files = ['-addext', `subjectAltName=DNS:${host}`, '-keyout', keyPath, '-out', path];
  execFileSync('openssl', ['req', ...options, ...files], { stdio: 'ignore' });
  return { path, cert: readFileSync(path), key: readFileSync(keyPath) };
}

/** Starts a TLS server on loopback that passes what it decrypts on to a server on another port. */
export async function startTlsServer({ cert, key }: { cert: Buffer; key: Buffer }, targetPort: number) {
  let made = 0;
  const server = createServer({ cert, key }, (socket) => {
    made += 1;
    const target = connect(targetPort, '127.0.0.1');
    socket.pipe(target).pipe(socket);
    socket.on('error', () => target.destroy());
    target.on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
  });
  server.on('tlsClientError', () => {}); // the client does not trust the certificate
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    /** Number of connections so far. */
    connections: () => made,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
