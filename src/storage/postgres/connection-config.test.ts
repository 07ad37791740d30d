import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { parseConnectionUrl } from './connection-config.ts';

function createFile(): string {
  const path = `${temporaryFolder()}/ca.pem`;
  writeFileSync(path, 'PEM');
  return path;
}

describe('drizzle.config.ts', () => {
  it('gives drizzle-kit the TLS options of the server', async () => {
    vi.stubEnv('DATABASE_URL', 'postgresql://user:pass@db.example:5433/app?sslmode=require');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { default: config } = await import('../../../drizzle.config.ts');
    expect(config).toMatchObject({
      dialect: 'postgresql',
      dbCredentials: { host: 'db.example', port: 5433, user: 'user', password: 'pass', database: 'app' },
    });
    expect(config).toHaveProperty('dbCredentials.ssl.rejectUnauthorized', false);
  });
});

describe('parseConnectionUrl', () => {
  it('decodes the parts of a URL', () => {
    expect(parseConnectionUrl('postgresql://us%40er:p%3Ass@[::1]:5433/my%20app?application_name=a')).toMatchObject({
      host: '::1',
      port: 5433,
      user: 'us@er',
      password: 'p:ss',
      database: 'my app',
      application_name: 'a',
      ssl: false,
    });
  });

  it.each(['postgresql:///app?host=/var/run/postgresql', 'postgresql://%2Fvar%2Frun%2Fpostgresql/app'])(
    'accepts the folder of a Unix socket: %s',
    (url) => {
      expect(parseConnectionUrl(url)).toMatchObject({ host: '/var/run/postgresql', database: 'app' });
    },
  );

  it.each([
    ['require', false, false, false],
    ['require', true, true, false],
    ['verify-ca', true, true, false],
    ['verify-full', false, true, true],
    ['verify-full', true, true, true],
  ])(
    'with sslmode %s and sslrootcert %s checks the certificate: %s, its host: %s',
    (mode, hasCa, checks, checksHost) => {
      const { ssl } = parseConnectionUrl(
        `postgresql://localhost/app?sslmode=${mode}${hasCa ? `&sslrootcert=${createFile()}` : ''}`,
      );
      expect(ssl).toMatchObject({ rejectUnauthorized: checks });
      expect(ssl).toHaveProperty('ca', hasCa ? Buffer.from('PEM') : undefined);
      expect(typeof ssl === 'object' && 'checkServerIdentity' in ssl).toBe(!checksHost);
    },
  );

  it('explains that a file cannot be read', () => {
    const url = 'postgresql://localhost/app?sslmode=verify-full&sslrootcert=/missing.pem';
    expect(() => parseConnectionUrl(url)).toThrow(/^DATABASE_URL: cannot read the file of sslrootcert: ENOENT.*$/);
  });
});
